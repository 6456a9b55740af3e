"""To twice the size."""

import keras
import tensorflow as tf

from tfdogs.models.r3gan.bilinear import BILINEAR
from tfdogs.models.r3gan.initializers import normal


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
        kernel = tf.cast(4 * BILINEAR, inputs.dtype) * self._kernel
        count, height, width = tf.shape(inputs)[0], inputs.shape[1], inputs.shape[2]
        shape = [count, 2 * height, 2 * width, self._filters]
        return tf.nn.conv2d_transpose(inputs, kernel, shape, 2, "SAME")
