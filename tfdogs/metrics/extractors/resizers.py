"""From images of any size to what a network sees.

Libraries that compute FID disagree by their resizers more than by anything else (Parmar et al. 2022, "On
Aliased Resizing"): ours have names, and the name is stamped on every number.

Each is separable and linear: two products with a matrix of weights, which are computed in float64. That gives
Pillow's and TensorFlow's results, and is faster than `tf.image.resize`.
"""

import functools
from typing import Callable, NamedTuple

import numpy as np
import tensorflow as tf


def _triangle(x):
    return np.maximum(0.0, 1.0 - np.abs(x))


def _cubic(x):
    """Keys' cubic with a = -1/2."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))


class _Resizer(NamedTuple):
    kernel: Callable
    antialias: bool  # widen the kernel when the image shrinks, so that every pixel counts
    half_pixel: bool  # pixels are squares with a centre; otherwise points on a grid that starts at 0


_RESIZERS = {
    # What Pillow does: the resizer of clean-fid, in floating point as there.
    "bicubic": _Resizer(_cubic, antialias=True, half_pixel=True),
    # What tf.image.resize does by default.
    "bilinear": _Resizer(_triangle, antialias=False, half_pixel=True),
    # What TensorFlow 1 did: shifts an image that grows by up to half a pixel to the top left.
    "bilinear_v1": _Resizer(_triangle, antialias=False, half_pixel=False),
}

NAMES = tuple(_RESIZERS)


def resize(name, images, size):
    """Resizes images, whose proportions change where they are not square, and repeats grey to RGB.

    Args:
        name: one of `NAMES`: "bicubic" (antialiased, as Pillow does it), "bilinear" (no antialiasing, as
            `tf.image.resize` does it) or "bilinear_v1" (TensorFlow 1's).
        images: uint8 array [N, H, W, C], C 1 or 3.
        size: height and width to reach, in pixels.

    Returns:
        float32 array [N, size, size, 3] in [0, 255].
    """
    _, height, width, channels = images.shape
    pixels = tf.cast(tf.transpose(images, [0, 3, 1, 2]), tf.float32)
    if height != size:
        pixels = tf.matmul(weights(name, height, size), pixels)
    if width != size:
        pixels = tf.matmul(pixels, weights(name, width, size), transpose_b=True)
    if channels == 1:
        pixels = tf.tile(pixels, [1, 3, 1, 1])
    return tf.clip_by_value(tf.transpose(pixels, [0, 2, 3, 1]), 0.0, 255.0).numpy()


@functools.lru_cache(maxsize=64)
def weights(name, length, size):
    """Returns what brings a line of `length` pixels to `size`: float32 [size, length], rows that sum to 1."""
    resizer = _RESIZERS[name]
    scale = length / size
    stretch = max(scale, 1.0) if resizer.antialias else 1.0
    half = 0.5 if resizer.half_pixel else 0.0
    targets = (np.arange(size) + half) * scale - half
    matrix = resizer.kernel((np.arange(length) - targets[:, None]) / stretch)
    return (matrix / matrix.sum(axis=1, keepdims=True)).astype(np.float32)
