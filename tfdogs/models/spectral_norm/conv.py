"""The convolution, with a change of size joined to it."""

import keras
import tensorflow as tf

from tfdogs.models.spectral_norm.spectral_normalized import SpectralNormalized

RESAMPLINGS = (None, "up", "down")


@keras.saving.register_keras_serializable("tfdogs")
class SNConv2D(SpectralNormalized):
    """A convolution that keeps height and width, spectrally normalized, with a change of size joined to it.

    Joined, nearest-neighbour doubling and a k x k convolution are one transposed convolution of k + 1 and
    stride 2, and a convolution and 2 x 2 averaging are one of k + 1 and stride 2: the same numbers, for k = 3
    from 2.25 times fewer products. What is normalized is the k x k kernel, as in the papers.

    Args:
        filters: channels that come out.
        kernel_size: k, odd; default 3.
        resample: "up" doubles height and width before the convolution, "down" halves them, which must be
            even, after it; None, the default, does neither.
        **kwargs: see `SpectralNormalized`.

    Raises:
        ValueError: an even `kernel_size`, or an unknown `resample`.
    """

    def __init__(self, filters, kernel_size=3, *, resample=None, **kwargs):
        super().__init__(**kwargs)
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd. Received: kernel_size={kernel_size}")
        if resample not in RESAMPLINGS:
            legal = ", ".join(map(str, RESAMPLINGS))
            raise ValueError(f"resample must be one of {legal}. Received: resample={resample!r}")
        self.filters = filters
        self.kernel_size = kernel_size
        self.resample = resample

    def build(self, input_shape):
        self.kernel = self.add_kernel((self.kernel_size, self.kernel_size, input_shape[-1], self.filters))

    def call(self, inputs, training=None):
        kernel = self.normalized(self.kernel, training)
        if self.resample == "up":
            # A transposed convolution takes the kernel turned by half a circle, outputs before inputs.
            kernel = _widened(tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2]))
            shape = (tf.shape(inputs)[0], *self.compute_output_shape(inputs.shape)[1:])
            outputs = tf.nn.conv2d_transpose(inputs, tf.cast(kernel, self.compute_dtype), shape, 2)
        elif self.resample == "down":
            kernel = tf.cast(_widened(kernel) / 4.0, self.compute_dtype)
            outputs = tf.nn.conv2d(inputs, kernel, 2, "SAME")
        else:
            outputs = tf.nn.conv2d(inputs, tf.cast(kernel, self.compute_dtype), 1, "SAME")
        return self._biased(outputs)

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        if self.resample == "up":
            height, width = 2 * height, 2 * width
        elif self.resample == "down":
            height, width = height // 2, width // 2
        return (batch, height, width, self.filters)

    def get_config(self):
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "resample": self.resample}
        return {**own, **super().get_config()}


def _widened(kernel):
    """Convolves a kernel [k, k, I, O] with a square of 2 x 2 ones: [k + 1, k + 1, I, O]."""
    kernel = tf.pad(kernel, [[0, 1], [0, 0], [0, 0], [0, 0]]) + tf.pad(
        kernel, [[1, 0], [0, 0], [0, 0], [0, 0]]
    )
    return tf.pad(kernel, [[0, 0], [0, 1], [0, 0], [0, 0]]) + tf.pad(kernel, [[0, 0], [1, 0], [0, 0], [0, 0]])
