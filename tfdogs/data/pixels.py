"""The one place where pixels change their range: uint8 outside the networks, [-1, 1] inside."""

import tensorflow as tf


def to_float(images):
    """Scales uint8 images to float32 in [-1, 1]; floating images are taken to be there already.

    Args:
        images: uint8 or floating tensor, any shape.

    Returns:
        float32 tensor of the same shape.

    Raises:
        ValueError: another dtype.
    """
    images = tf.convert_to_tensor(images)
    check_dtype(images.dtype)
    if images.dtype == tf.uint8:
        return tf.cast(images, tf.float32) / 127.5 - 1.0
    return tf.cast(images, tf.float32)


def check_dtype(dtype):
    """Raises ValueError where a dtype of TensorFlow is not one that images have."""
    if dtype != tf.uint8 and not dtype.is_floating:
        raise ValueError(f"images must be uint8, or floating in [-1, 1]. Received: dtype {dtype.name}")


def to_uint8(images):
    """Maps floating images in [-1, 1] to the nearest uint8; what lies outside is clipped."""
    scaled = tf.round((tf.cast(images, tf.float32) + 1.0) * 127.5)
    return tf.cast(tf.clip_by_value(scaled, 0.0, 255.0), tf.uint8)
