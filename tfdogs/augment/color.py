"""The colour part of ADA: one 4x4 matrix an image, on (red, green, blue, 1)."""

import functools
import math

import numpy as np
import tensorflow as tf

_BRIGHTNESS = 0.2  # standard deviation of what is added
_CONTRAST = 0.5  # standard deviation of log2 of the factor
_SATURATION = 1.0  # standard deviation of log2 of the factor

_ONE = np.eye(4, dtype=np.float32)
_RGB = np.diag([1, 1, 1, 0]).astype(np.float32)
_OFFSET = np.outer([1, 1, 1, 0], [0, 0, 0, 1]).astype(np.float32)
_LUMA = np.outer([1, 1, 1, 0], [1, 1, 1, 0]).astype(np.float32) / 3  # the projection on the grey axis
_TURN = np.zeros((4, 4), np.float32)  # the cross product with the grey axis
_TURN[:3, :3] = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)


def matrices(draws):
    """Draws brightness, contrast, inverted luma, hue and saturation.

    Args:
        draws: `Draws`.

    Returns:
        float32 [N, 4, 4], all of them in that order as one matrix; where an image is spared, exactly the
        identity.
    """
    brightness = draws.sometimes(draws.normal(_BRIGHTNESS), otherwise=0.0)
    contrast = draws.sometimes(tf.pow(2.0, draws.normal(_CONTRAST)), otherwise=1.0)
    inverted = draws.sometimes(tf.floor(draws.uniform(0, 2)), otherwise=0.0)
    hue = draws.sometimes(draws.uniform(-math.pi, math.pi), otherwise=0.0)
    saturation = draws.sometimes(tf.pow(2.0, draws.normal(_SATURATION)), otherwise=1.0)
    brightness, contrast, inverted, hue, saturation = (
        x[:, None, None] for x in (brightness, contrast, inverted, hue, saturation)
    )
    # Each is the identity plus what it changes.
    operations = [
        _ONE + brightness * _OFFSET,
        _ONE + (contrast - 1) * _RGB,
        _ONE - 2 * inverted * _LUMA,
        _ONE + tf.sin(hue) * _TURN + (tf.cos(hue) - 1) * (_RGB - _LUMA),
        _ONE + (saturation - 1) * (_RGB - _LUMA),
    ]
    return functools.reduce(lambda done, then: tf.matmul(then, done), operations)


def apply(images, matrices):
    """Changes each image's colours by its matrix.

    Args:
        images: float32 [N, H, W, C], C 1 or 3, or one more for alpha, which stays as it is; grey ones are
            taken as three channels and averaged again.
        matrices: float32 [N, 4, 4].

    Returns:
        float32 [N, H, W, C].

    Raises:
        ValueError: images of another number of channels.
    """
    channels = images.shape[-1]
    if channels not in (1, 2, 3, 4):
        raise ValueError(
            f"color needs grey or RGB images, with or without alpha: leave it out of ADA's policy. "
            f"Received: {channels} channels"
        )
    if channels in (2, 4):
        return tf.concat([apply(images[..., :-1], matrices), images[..., -1:]], -1)
    linear, offset = matrices[:, :3, :3], matrices[:, None, :3, 3]
    if images.shape[-1] == 1:
        linear = tf.reduce_mean(tf.reduce_sum(linear, 2, keepdims=True), 1, keepdims=True)
        offset = tf.reduce_mean(offset, 2, keepdims=True)
    pixels = tf.reshape(images, [tf.shape(images)[0], -1, images.shape[-1]])
    return tf.reshape(tf.matmul(pixels, linear, transpose_b=True) + offset, tf.shape(images))
