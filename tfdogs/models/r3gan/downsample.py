"""To half the size."""

import keras
import tensorflow as tf

from tfdogs.models.r3gan.bilinear import BILINEAR
from tfdogs.models.r3gan.initializers import normal


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
        return tf.nn.conv2d(inputs, tf.cast(BILINEAR, inputs.dtype) * self._kernel, 2, "SAME")
