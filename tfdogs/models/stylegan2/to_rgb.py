"""From features to an image."""

import keras
import tensorflow as tf
from keras import layers

from tfdogs.models.stylegan2.equalized_dense import EqualizedDense
from tfdogs.models.stylegan2.modulated_conv import ModulatedConv2D


@keras.saving.register_keras_serializable("tfdogs")
class ToRGB(layers.Layer):
    """Modulated convolution of kernel 1 without demodulation, and a bias.

    Args:
        channels: 1 or 3.
        gain: factor on the convolution's output; default 1.
        dtype: policy of the convolution; the image is float32.
        name: see `keras.layers.Layer`.
    """

    def __init__(self, channels, *, gain=1.0, dtype=None, **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.channels = channels
        self.gain = gain
        self.conv = ModulatedConv2D(channels, 1, demodulate=False, gain=gain, dtype=dtype)

    def build(self, input_shape, w_dim):
        """Creates the weights.

        Args:
            input_shape: (None, height, width, channels).
            w_dim: length of a w.
        """
        self.affine = EqualizedDense(input_shape[-1], bias=1.0, dtype="float32")
        self.affine.build((None, w_dim))
        self.conv.build(input_shape)
        self.bias = self.add_weight("bias", (self.channels,), initializer="zeros")
        self.built = True

    def call(self, inputs, w):
        """Draws features, [N, H, W, C], with w, float32 [N, w_dim]: float32 [N, H, W, channels]."""
        x = tf.cast(self.conv(inputs, self.affine(w)), tf.float32)
        return x + tf.cast(self.bias, tf.float32)

    def get_config(self):
        return {**super().get_config(), "channels": self.channels, "gain": self.gain}
