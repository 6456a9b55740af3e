"""Resampling by the filter [1, 3, 3, 1], folded into the kernels of strided convolutions.

A convolution, its filter and the stride are one linear map: it is computed as one convolution, whose kernel
is the filtered one. That is faster on a CPU than the two, and differentiable as often as one likes.
"""

import numpy as np
import tensorflow as tf

_FILTER = np.array([1.0, 3.0, 3.0, 1.0], np.float32) / 8.0


def filtered(kernel, gain=1.0):
    """Returns a kernel filtered along height and width.

    Args:
        kernel: float32 [k, k, A, B].
        gain: factor.

    Returns:
        float32 [k + 3, k + 3, A, B].
    """
    size = kernel.shape[0]
    band = np.stack([np.pad(_FILTER, (i, size - 1 - i)) for i in range(size)], 1)  # [k + 3, k]
    return tf.einsum("ai,bj,ijcd->abcd", gain * band, band, kernel)


def conv_up(x, kernel):
    """Puts zeros between the pixels, filters and convolves: twice the height and width.

    Args:
        x: [N, H, W, A].
        kernel: float32 [k, k, A, B], k 1 or 3.

    Returns:
        [N, 2H, 2W, B], in the dtype of `x`.
    """
    kernel = tf.transpose(filtered(kernel, 4.0), [0, 1, 3, 2])  # 4: three pixels of four are zeros
    shape = tf.stack([tf.shape(x)[0], 2 * x.shape[1], 2 * x.shape[2], kernel.shape[2]])
    return tf.nn.conv2d_transpose(x, tf.cast(kernel, x.dtype), shape, 2, "SAME")


def conv_down(x, kernel):
    """Filters, convolves and keeps every second pixel: half the height and width.

    Args:
        x: [N, H, W, A], H and W even.
        kernel: float32 [k, k, A, B], k 1 or 3.

    Returns:
        [N, H / 2, W / 2, B], in the dtype of `x`.
    """
    return tf.nn.conv2d(x, tf.cast(filtered(kernel), x.dtype), 2, "SAME")


def upsample(images):
    """Returns images of twice the height and width: [N, H, W, C] -> [N, 2H, 2W, C]."""
    return conv_up(images, tf.eye(images.shape[-1])[None, None])
