"""The geometric part of ADA: one 3x3 matrix an image, and one bilinear reading of it.

A matrix maps (x, y, 1) of the picture that comes out, in pixels from its centre, to the place in the picture
that goes in.
"""

import math

import numpy as np
import tensorflow as tf

from tfdogs.addons import resample

_XINT = 0.125  # largest shift, as a share of the side
_SCALE = 0.2  # standard deviation of log2 of a scale
_XFRAC = 0.125  # standard deviation of a shift, as a share of the side


def blit(draws, height, width):
    """Mirrors left to right, turns by right angles, shifts by whole pixels: nothing is interpolated.

    Args:
        draws: `Draws`.
        height, width: of the images, in pixels.

    Returns:
        A list of matrices, float32 [N, 3, 3], the first operation first.
    """
    mirrored = draws.sometimes(tf.floor(draws.uniform(0, 2)), otherwise=0.0)
    turns = draws.sometimes(tf.floor(draws.uniform(0, 4)), otherwise=0.0)
    shifts = [tf.round(draws.uniform(-_XINT, _XINT) * side) for side in (width, height)]
    which = tf.cast(turns, tf.int32)
    cosine, sine = tf.gather([1.0, 0.0, -1.0, 0.0], which), tf.gather([0.0, 1.0, 0.0, -1.0], which)
    return [
        _matrix(xx=1 - 2 * mirrored),
        _matrix(xx=cosine, xy=-sine, yx=sine, yy=cosine),
        _translation(*draws.sometimes(*shifts, otherwise=0.0)),
    ]


def move(draws, height, width):
    """Scales, turns, stretches in any direction, shifts by fractions of a pixel.

    Args:
        draws: `Draws`.
        height, width: of the images, in pixels.

    Returns:
        A list of matrices, float32 [N, 3, 3], the first operation first.
    """
    scale = draws.sometimes(tf.pow(2.0, draws.normal(_SCALE)), otherwise=1.0)
    stretch = draws.sometimes(tf.pow(2.0, draws.normal(_SCALE)), otherwise=1.0)
    # Two turns, either of them with a probability such that one or both happen with probability p.
    p = 1 - tf.sqrt(tf.maximum(1 - draws.p, 0))
    before, after = (draws.sometimes(draws.uniform(-math.pi, math.pi), otherwise=0.0, p=p) for _ in range(2))
    shifts = [draws.normal(_XFRAC) * side for side in (width, height)]
    return [
        _matrix(xx=1 / scale, yy=1 / scale),
        _rotation(before),
        _matrix(xx=1 / stretch, yy=stretch),
        _rotation(after),
        _translation(*draws.sometimes(*shifts, otherwise=0.0)),
    ]


def warp(images, matrices):
    """Moves each image by its matrix; the picture goes on beyond its border as its own reflection.

    Args:
        images: float32 [N, H, W, C]; H and W static.
        matrices: float32 [N, 3, 3].

    Returns:
        float32 [N, H, W, C].
    """
    height, width = images.shape[1:3]
    centre = np.array([(width - 1) / 2, (height - 1) / 2], np.float32)
    y, x = np.mgrid[:height, :width].reshape(2, -1)
    grid = np.stack([x - centre[0], y - centre[1], np.ones(x.shape)], 1).astype(np.float32)
    points = tf.matmul(grid[None], matrices[:, :2], transpose_b=True) + centre
    points = tf.stack([_reflect(points[..., 0], width), _reflect(points[..., 1], height)], -1)
    return tf.reshape(resample(images, points), tf.shape(images))


def _reflect(place, size):
    """Folds places along an axis into [0, size - 1]; the mirrors are the outer edges of its pixels."""
    place = tf.math.floormod(place + 0.5, 2.0 * size)
    return tf.clip_by_value(size - tf.abs(place - size) - 0.5, 0.0, size - 1.0)


def _rotation(angle):
    return _matrix(xx=tf.cos(angle), xy=-tf.sin(angle), yx=tf.sin(angle), yy=tf.cos(angle))


def _translation(x, y):
    return _matrix(x=x, y=y)


def _matrix(*, xx=1.0, xy=0.0, x=0.0, yx=0.0, yy=1.0, y=0.0):
    """Returns [[xx, xy, x], [yx, yy, y], [0, 0, 1]] for each image; entries are floats or [N]."""
    entries = [xx, xy, x, yx, yy, y, 0.0, 0.0, 1.0]
    count = next(tf.shape(entry) for entry in entries if isinstance(entry, tf.Tensor))
    return tf.reshape(tf.stack([tf.broadcast_to(entry, count) for entry in entries], -1), [-1, 3, 3])
