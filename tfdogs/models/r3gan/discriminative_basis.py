"""Where the discriminator ends."""

import keras
import tensorflow as tf

from tfdogs.models.r3gan.initializers import normal


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
