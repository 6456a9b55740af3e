"""The one module that imports TensorFlow Addons, which has ended development: replace it here."""

import warnings

import tensorflow as tf

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # it announces its own end of life at every import
    from tensorflow_addons.image import resampler
    from tensorflow_addons.layers import InstanceNormalization

__all__ = ["InstanceNormalization", "resample"]


def resample(images, points):
    """Reads images between their pixels, bilinearly; what lies outside is 0.

    Differentiable by the images to any order; no gradient flows into the points. The gradient is the exact
    adjoint, which that of `tensorflow_addons.image.transform` is not.

    Args:
        images: float32 [N, H, W, C].
        points: float32 [N, K, 2]: (x, y) in pixels, (0, 0) at the centre of the first.

    Returns:
        float32 [N, K, C].
    """
    points = tf.stop_gradient(points)

    @tf.custom_gradient
    def read(images):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(images)
            values = resampler(images, points)

        # Addons' gradient operation has none of its own and would pass for a constant.
        @tf.custom_gradient
        def spread(values_gradient):
            return tape.gradient(values, images, values_gradient), read

        return values, spread

    return read(images)
