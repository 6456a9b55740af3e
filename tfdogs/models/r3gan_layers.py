"""The layers of R3GAN (Huang et al. 2024): residual blocks, resampling and bases without normalization."""

import functools
import math

import keras
import numpy as np
import tensorflow as tf

from tfdogs.models.leaky_relu import SLOPE, leaky_relu

_GAIN = math.sqrt(2 / (1 + SLOPE**2))  # keeps the variance behind a LeakyReLU (He et al. 2015)
_BILINEAR = np.outer([1, 3, 3, 1], [1, 3, 3, 1])[..., None, None] / 64  # sums to 1


def normal(fan_in, gain=1.0):
    """Returns an initializer N(0, gain^2 / fan_in)."""
    return keras.initializers.RandomNormal(stddev=gain / math.sqrt(fan_in))


class Repeated(keras.initializers.Initializer):
    """The same kernel for each of `times` groups of channels.

    A last convolution with one kernel for all pixels of a square starts as nearest-neighbour upsampling, a
    first one as average pooling; kernels of their own would start as a chequered pattern (Aitken et al. 2017,
    "Checkerboard artifact free sub-pixel convolution").

    Args:
        initializer: of one group's kernel.
        times: groups.
        axis: the kernel's axis that holds the groups one after the other.
    """

    def __init__(self, initializer, times, axis):
        self._initializer = initializer
        self._times = times
        self._axis = axis

    def __call__(self, shape, dtype=None, **kwargs):
        """Returns a kernel of a shape whose `axis` is a multiple of `times`."""
        shape, multiples = list(shape), [1] * len(shape)
        shape[self._axis] //= self._times
        multiples[self._axis] = self._times
        return tf.tile(self._initializer(shape, dtype=dtype, **kwargs), multiples)


class ResidualBlock(keras.layers.Layer):
    """x + conv1x1(act(conv3x3(act(conv1x1(x))))), the 3x3 in groups; act is a bias and LeakyReLU(0.2).

    The last convolution starts at zero and the others scaled down by the network's depth (Zhang et al. 2019,
    "Fixup Initialization"), so that nothing needs to be normalized.

    Args:
        depth: residual blocks in the whole network.
        expansion: channels between the convolutions, as a multiple of the input's.
        group_width: least channels in a group of the 3x3 convolution; 0 for one group.
        dtype, name: see `keras.layers.Layer`.
    """

    def __init__(self, depth, *, expansion, group_width, dtype=None, name=None):
        super().__init__(dtype=dtype, name=name)
        self._gain = _GAIN * depth ** (-1 / 4)  # L blocks of m = 3 layers: L^(-1 / (2m - 2))
        self._expansion = expansion
        self._group_width = group_width

    def build(self, input_shape):
        """Creates two biases and three kernels."""
        inner, outer = self._expansion * input_shape[-1], input_shape[-1]
        self._groups = groups(inner, self._group_width)
        each = inner // self._groups
        scaled = functools.partial(normal, gain=self._gain)
        self._first = self.add_weight("first", (1, 1, outer, inner), initializer=scaled(outer))
        self._first_bias = self.add_weight("first_bias", (inner,), initializer="zeros")
        self._middle = self.add_weight("middle", (3, 3, each, inner), initializer=scaled(9 * each))
        self._middle_bias = self.add_weight("middle_bias", (inner,), initializer="zeros")
        self._last = self.add_weight("last", (1, 1, inner, outer), initializer="zeros")
        self.built = True

    def call(self, inputs):
        """Maps [N, H, W, C] to [N, H, W, C]."""
        x = leaky_relu(tf.nn.bias_add(_convolve(inputs, self._first), self._first_bias))
        x = leaky_relu(tf.nn.bias_add(_grouped(x, self._middle, self._groups), self._middle_bias))
        return inputs + _convolve(x, self._last)


class Upsample(keras.layers.Layer):
    """A 1x1 convolution and bilinear interpolation to twice the size, as one transposed convolution.

    Args:
        filters: channels of the output.
        dtype, name: see `keras.layers.Layer`.
    """

    def __init__(self, filters, *, dtype=None, name=None):
        super().__init__(dtype=dtype, name=name)
        self._filters = filters

    def build(self, input_shape):
        """Creates the 1x1 kernel."""
        fan_in = input_shape[-1]
        self._kernel = self.add_weight("kernel", (1, 1, self._filters, fan_in), initializer=normal(fan_in))
        self.built = True

    def call(self, inputs):
        """Maps [N, H, W, C] to [N, 2H, 2W, filters]."""
        kernel = tf.cast(4 * _BILINEAR, inputs.dtype) * self._kernel
        count, height, width = tf.shape(inputs)[0], inputs.shape[1], inputs.shape[2]
        shape = [count, 2 * height, 2 * width, self._filters]
        return tf.nn.conv2d_transpose(inputs, kernel, shape, 2, "SAME")


class Downsample(keras.layers.Layer):
    """Bilinear interpolation to half the size and a 1x1 convolution, as one strided convolution.

    Args:
        filters: channels of the output.
        dtype, name: see `keras.layers.Layer`.
    """

    def __init__(self, filters, *, dtype=None, name=None):
        super().__init__(dtype=dtype, name=name)
        self._filters = filters

    def build(self, input_shape):
        """Creates the 1x1 kernel."""
        fan_in = input_shape[-1]
        self._kernel = self.add_weight("kernel", (1, 1, fan_in, self._filters), initializer=normal(fan_in))
        self.built = True

    def call(self, inputs):
        """Maps [N, H, W, C] to [N, ceil(H / 2), ceil(W / 2), filters]."""
        return tf.nn.conv2d(inputs, tf.cast(_BILINEAR, inputs.dtype) * self._kernel, 2, "SAME")


class GenerativeBasis(keras.layers.Layer):
    """A learned picture of a few pixels, each channel of which the latent scales.

    Args:
        size: height and width of the picture.
        filters: its channels.
        dtype, name: see `keras.layers.Layer`.
    """

    def __init__(self, size, filters, *, dtype=None, name=None):
        super().__init__(dtype=dtype, name=name)
        self._shape = (size, size, filters)

    def build(self, input_shape):
        """Creates the picture, N(0, 1), and the linear layer of the latent."""
        filters, fan_in = self._shape[-1], input_shape[-1]
        self._basis = self.add_weight("basis", self._shape, initializer=normal(1))
        self._kernel = self.add_weight("kernel", (fan_in, filters), initializer=normal(fan_in))
        self._bias = self.add_weight("bias", (filters,), initializer="zeros")
        self.built = True

    def call(self, inputs):
        """Maps [N, D] to [N, size, size, filters]."""
        scales = tf.nn.bias_add(inputs @ self._kernel, self._bias)
        return scales[:, None, None, :] * self._basis


class DiscriminativeBasis(keras.layers.Layer):
    """The product of each channel with a learned picture of the same size, summed over the pixels.

    Args:
        dtype, name: see `keras.layers.Layer`.
    """

    def build(self, input_shape):
        """Creates the picture."""
        _, height, width, channels = input_shape
        initializer = normal(height * width)
        self._basis = self.add_weight("basis", (height, width, channels), initializer=initializer)
        self.built = True

    def call(self, inputs):
        """Maps [N, H, W, C] to [N, C]."""
        return tf.reduce_sum(inputs * self._basis, [1, 2])


class DepthToSpace(keras.layers.Layer):
    """Channels to squares of `patch` by `patch` pixels, and the middle of what is larger than `size`.

    Args:
        patch: side of a square, in pixels.
        size: height and width of the output.
        dtype, name: see `keras.layers.Layer`.
    """

    def __init__(self, patch, size, *, dtype=None, name=None):
        super().__init__(dtype=dtype, name=name)
        self._patch = patch
        self._size = size

    def call(self, inputs):
        """Maps [N, H, W, patch^2 * C] to [N, size, size, C]."""
        x = tf.nn.depth_to_space(inputs, self._patch) if self._patch > 1 else inputs
        margin = (x.shape[1] - self._size) // 2
        return x[:, margin : margin + self._size, margin : margin + self._size]


class SpaceToDepth(keras.layers.Layer):
    """Squares of `patch` by `patch` pixels to channels.

    Args:
        patch: side of a square, in pixels; it divides the input's height and width.
        dtype, name: see `keras.layers.Layer`.
    """

    def __init__(self, patch, *, dtype=None, name=None):
        super().__init__(dtype=dtype, name=name)
        self._patch = patch

    def call(self, inputs):
        """Maps [N, H, W, C] to [N, H / patch, W / patch, patch^2 * C]."""
        return tf.nn.space_to_depth(inputs, self._patch) if self._patch > 1 else inputs


def groups(channels, group_width):
    """Returns the most groups of one size that divide `channels`, each of `group_width` or more; 1 for 0."""
    most = channels // group_width if group_width else 1
    return next((count for count in range(most, 0, -1) if channels % count == 0), 1)


def _convolve(x, kernel):
    return tf.nn.conv2d(x, kernel, 1, "SAME")


def _grouped(x, kernel, count):
    """Convolves in `count` groups: natively, or with a full kernel that is zero between the groups."""
    if count > 1 and not _trains_groups(x.dtype.name):
        each = kernel.shape[-1] // count
        block = np.kron(np.eye(count), np.ones((each, each)))
        kernel = tf.tile(kernel, [1, 1, count, 1]) * tf.cast(block, x.dtype)
    return _convolve(x, kernel)


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
