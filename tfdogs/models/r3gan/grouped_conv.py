"""Convolutions in groups, also where TensorFlow cannot train them."""

import functools

import numpy as np
import tensorflow as tf


def groups(channels, group_width):
    """Returns the most groups of one size that divide `channels`, each of `group_width` or more; 1 for 0."""
    most = channels // group_width if group_width else 1
    return next((count for count in range(most, 0, -1) if channels % count == 0), 1)


def convolve(x, kernel, count=1):
    """Convolves in `count` groups: natively, or with a full kernel that is zero between the groups.

    Args:
        x: [N, H, W, C].
        kernel: [k, k, C / count, F], of the same dtype.
        count: groups, of channels that follow one another; divides C and F.

    Returns:
        [N, H, W, F].
    """
    if count > 1 and not _trains_groups(x.dtype.name):
        each = kernel.shape[-1] // count
        block = np.kron(np.eye(count), np.ones((each, each)))
        kernel = tf.tile(kernel, [1, 1, count, 1]) * tf.cast(block, x.dtype)
    return tf.nn.conv2d(x, kernel, 1, "SAME")


@functools.cache
def _trains_groups(dtype):
    """Tries whether grouped convolutions have gradients here: on a CPU only by oneDNN, not in float16."""
    with tf.init_scope():
        x, kernel = tf.ones((1, 3, 3, 4), dtype), tf.ones((3, 3, 2, 4), dtype)
        try:
            tf.raw_ops.Conv2DBackpropFilter(
                input=x, filter_sizes=kernel.shape, out_backprop=x, strides=[1] * 4, padding="SAME"
            )
            tf.raw_ops.Conv2DBackpropInput(
                input_sizes=x.shape, filter=kernel, out_backprop=x, strides=[1] * 4, padding="SAME"
            )
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
            return False
    return True
