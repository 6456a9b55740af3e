"""The residual block: no normalization, a convolution in groups."""

import functools
import math

import keras
import tensorflow as tf

from tfdogs.models.leaky_relu import SLOPE, leaky_relu
from tfdogs.models.r3gan.grouped_conv import convolve, groups
from tfdogs.models.r3gan.initializers import normal

_GAIN = math.sqrt(2 / (1 + SLOPE**2))  # keeps the variance behind a LeakyReLU (He et al. 2015)


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
        x = leaky_relu(tf.nn.bias_add(convolve(inputs, self._first), self._first_bias))
        x = leaky_relu(tf.nn.bias_add(convolve(x, self._middle, self._groups), self._middle_bias))
        return inputs + convolve(x, self._last)
