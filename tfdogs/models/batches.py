"""What `fit` hands to a training step, as the GAN reads it."""

import keras
import tensorflow as tf

from tfdogs.data import pixels


def unpack(data, image_shape, num_classes):
    """Takes images and labels out of what a data set yields.

    Args:
        data: images, (images, labels) or (images, labels, weights); weights are not used.
        image_shape: (H, W, C) that the generator draws.
        num_classes: 0 where labels are not wanted.

    Returns:
        float32 images in [-1, 1], [N, H, W, C], and int32 labels [N], or None without classes.

    Raises:
        ValueError: images of another shape, or no labels where there are classes.
        tf.errors.InvalidArgumentError: when it runs, images of another shape that could not be known before.
    """
    images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
    if not images.shape[1:].is_compatible_with(image_shape):
        raise ValueError(
            f"the generator draws images of shape {tuple(image_shape)}. "
            f"Received for training: shape {tuple(images.shape[1:])}"
        )
    if num_classes and labels is None:
        raise ValueError("the networks are conditional: fit needs labels beside the images. Received: none")
    # After images of two shapes Keras traces for any: what a second `fit` is given shows when it runs only.
    images = tf.ensure_shape(images, [None, *image_shape])
    return pixels.to_float(images), tf.reshape(tf.cast(labels, tf.int32), [-1]) if num_classes else None


def split(images, labels, parts):
    """Splits a batch into `parts` of one size.

    Args:
        images: [N, H, W, C], N a multiple of `parts`.
        labels: [N], or None.
        parts: how many.

    Returns:
        A list of (images, labels or None).

    Raises:
        tf.errors.InvalidArgumentError: when it runs, N is no multiple of `parts`.
    """
    if parts == 1:
        return [(images, labels)]
    batch = tf.shape(images)[0]
    tf.debugging.assert_equal(batch % parts, 0, f"the batch must be a multiple of d_steps={parts}")
    size = batch // parts
    cuts = [slice(i * size, (i + 1) * size) for i in range(parts)]
    return [(images[cut], None if labels is None else labels[cut]) for cut in cuts]
