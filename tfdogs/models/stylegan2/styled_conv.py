"""A layer of the synthesis network."""

import keras
import tensorflow as tf
from keras import layers

from tfdogs.models.leaky_relu import leaky_relu
from tfdogs.models.stylegan2 import activation
from tfdogs.models.stylegan2.equalized_dense import EqualizedDense
from tfdogs.models.stylegan2.modulated_conv import ModulatedConv2D


@keras.saving.register_keras_serializable("tfdogs")
class StyledConv(layers.Layer):
    """Modulated convolution of kernel 3, then noise, bias and LeakyReLU of slope 0.2 and gain sqrt(2).

    The noise has one learned strength, which starts from 0. Where none is given the layer adds an image of
    noise that was drawn once and belongs to its weights: then it is a function of its inputs.

    Args:
        filters: channels of the output.
        upsample: whether the image is doubled; default no.
        dtype: policy of the layer; the style itself is computed in float32.
        name: see `keras.layers.Layer`.
    """

    def __init__(self, filters, *, upsample=False, dtype=None, **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.filters = filters
        self.upsample = upsample
        self.conv = ModulatedConv2D(filters, 3, upsample=upsample, gain=activation.GAIN, dtype=dtype)

    def build(self, input_shape, w_dim):
        """Creates the weights.

        Args:
            input_shape: (None, height, width, channels).
            w_dim: length of a w.
        """
        self.affine = EqualizedDense(input_shape[-1], bias=1.0, dtype="float32")
        self.affine.build((None, w_dim))
        self.conv.build(input_shape)
        _, height, width, filters = self.conv.compute_output_shape(input_shape)
        self.bias = self.add_weight("bias", (filters,), initializer="zeros")
        self.noise_strength = self.add_weight("noise_strength", (), initializer="zeros")
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.own_noise = self.add_weight("own_noise", (height, width, 1), initializer=normal, trainable=False)
        self.built = True

    def call(self, inputs, w, noise=None):
        """Draws.

        Args:
            inputs: [N, H, W, C].
            w: float32 [N, w_dim].
            noise: `tfdogs.models.noise.Noise`, or None for the layer's own.

        Returns:
            [N, H, W, filters], or [N, 2H, 2W, filters] with `upsample`.
        """
        x = self.conv(inputs, self.affine(w))
        noise = self.own_noise if noise is None else noise.normal([tf.shape(x)[0], *x.shape[1:3], 1])
        gain = tf.cast(activation.GAIN, x.dtype)
        x += gain * self.noise_strength * tf.cast(noise, x.dtype)
        return leaky_relu(tf.nn.bias_add(x, gain * self.bias))

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "upsample": self.upsample}
