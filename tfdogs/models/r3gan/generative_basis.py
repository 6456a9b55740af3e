"""Where the generator begins."""

import keras
import tensorflow as tf

from tfdogs.models.r3gan.initializers import normal


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
