"""Convolutions of kernel 4 and stride 2 that are fast on a CPU where oneDNN's own are slow."""

import functools

import keras
import tensorflow as tf

_SIDE = 8  # of the smaller map, in pixels; on larger ones oneDNN's gradient of the weights is as fast
_FEW = 4  # channels: with more of them oneDNN's transposed convolution is as fast


class Conv2D(keras.layers.Conv2D):
    """Keras' Conv2D of kernel 4, stride 2 and padding "same"; see `halve`.

    It bears the name of Keras' own layer, by which a `.keras` file finds its weights.
    """

    def convolution_op(self, inputs, kernel):
        """Returns the convolution without the bias; called by Keras."""
        return halve(inputs, tf.cast(kernel, inputs.dtype))  # a tensor: a variable may not enter `_halve`


class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """Keras' Conv2DTranspose of kernel 4, stride 2 and padding "same", without bias; see `double`.

    It bears the name of Keras' own layer, by which a `.keras` file finds its weights.
    """

    def call(self, inputs):
        """Returns the transposed convolution; called by Keras."""
        return double(inputs, tf.cast(self.kernel, inputs.dtype))


def halve(images, kernel):
    """Convolves with stride 2; differentiable any number of times.

    oneDNN computes the gradient of the weights in bfloat16 several times slower than the convolution itself
    where the maps are small; as matrix products it takes about as long. It computes the gradient of images of
    few channels about four times slower than the convolution, and `_by_phases` in half of that time.

    Args:
        images: [N, H, W, C].
        kernel: [4, 4, C, D], of the same dtype.

    Returns:
        [N, H / 2, W / 2, D], rounded up.
    """
    odd = images.shape[1] % 2 or images.shape[2] % 2  # those have no squares of 2 x 2 pixels
    if odd or not (_is_slow(images.dtype, images.shape[1] // 2) or _draws_few_channels(kernel)):
        return tf.nn.conv2d(images, kernel, 2, "SAME")
    return _halve(images, kernel)


def double(images, kernel):
    """Convolves with fractional stride 1/2, as `halve` is transposed; differentiable any number of times.

    Args:
        images: [N, H, W, D].
        kernel: [4, 4, C, D], of the same dtype.

    Returns:
        [N, 2 H, 2 W, C].
    """
    if not (_is_slow(images.dtype, images.shape[1]) or _draws_few_channels(kernel)):
        return _transposed(images, kernel)
    return _double(images, kernel)


def _is_slow(dtype, side):
    return dtype == tf.bfloat16 and side <= _SIDE and not _has_gpu()


def _draws_few_channels(kernel):
    return kernel.shape[2] <= _FEW and not _has_gpu()


@functools.cache
def _has_gpu():
    return bool(tf.config.list_physical_devices("GPU"))


# Halving, doubling and the gradient of the weights are linear in each argument, and the gradients of each are
# made of the others: <halve(x, w), y> = <x, double(y, w)> = <w, weights(x, y)>.


@tf.custom_gradient
def _halve(large, kernel):
    def gradient(small):
        return _double(small, kernel), _weights_gradient(large, small)

    return tf.nn.conv2d(large, kernel, 2, "SAME"), gradient


@tf.custom_gradient
def _double(small, kernel):
    def gradient(large):
        return _halve(large, kernel), _weights_gradient(large, small)

    return (_by_phases if _draws_few_channels(kernel) else _transposed)(small, kernel), gradient


def _transposed(small, kernel):
    shape = [tf.shape(small)[0], 2 * small.shape[1], 2 * small.shape[2], kernel.shape[2]]
    return tf.nn.conv2d_transpose(small, kernel, shape, 2, "SAME")


def _by_phases(small, kernel):
    """Returns what `_transposed` does (Shi et al. 2016, section 3.2).

    A convolution of kernel 3 and stride 1, whose channels are the pixels of each phase, (p, q) in squares of
    2 x 2, takes half as long for images of few channels.
    """
    # Pixel 2 i + p meets input i + d where the kernel's row is p + 1 - 2 d; row 4 is one of zeros.
    rows = [[3, 1, 4], [4, 2, 0]]  # p, d + 1
    padded = tf.pad(kernel, [[0, 1], [0, 1], [0, 0], [0, 0]])
    phases = tf.gather(tf.gather(padded, rows, axis=0), rows, axis=2)  # p, d, q, e, C, D
    phases = tf.reshape(
        tf.transpose(phases, [1, 3, 5, 0, 2, 4]), [3, 3, kernel.shape[3], 4 * kernel.shape[2]]
    )
    return tf.nn.depth_to_space(tf.nn.conv2d(small, phases, 1, "SAME"), 2)


def _weights_gradient(large, small):
    if _is_slow(large.dtype, small.shape[1]):
        return _weights(large, small)
    return tf.raw_ops.Conv2DBackpropFilter(
        input=large,
        filter_sizes=[4, 4, large.shape[3], small.shape[3]],
        out_backprop=small,
        strides=[1, 2, 2, 1],
        padding="SAME",
    )


def _weights(large, small):
    """Returns the gradient of <halve(large, kernel), small> by the kernel, [4, 4, C, D]."""
    height, width, channels = large.shape[1:]
    # Padded by 1, pixel (2 i + k, 2 j + l) meets output (i, j) in the kernel's (k, l). With k = 2 a + p and
    # l = 2 b + q it is in place (i + a, j + b) of the map whose channels hold squares (p, q) of 2 x 2 pixels.
    squares = tf.nn.space_to_depth(tf.pad(large, [[0, 0], [1, 1], [1, 1], [0, 0]]), 2)
    moved = [
        squares[:, a : a + height // 2, b : b + width // 2] for a in range(2) for b in range(2)
    ]  # each [N, H / 2, W / 2, 4 C]
    outputs = tf.reshape(small, [-1, small.shape[-1]])
    parts = [tf.matmul(tf.reshape(part, [-1, 4 * channels]), outputs, transpose_a=True) for part in moved]
    kernel = tf.reshape(tf.stack(parts), [2, 2, 2, 2, channels, small.shape[-1]])  # a, b, p, q
    return tf.reshape(tf.transpose(kernel, [0, 2, 1, 3, 4, 5]), [4, 4, channels, small.shape[-1]])
