"""A convolution whose learning rate is that of any other."""

import math

import keras
import tensorflow as tf
from keras import layers

from tfdogs.models import resampling
from tfdogs.models.leaky_relu import leaky_relu
from tfdogs.models.stylegan2 import activation


@keras.saving.register_keras_serializable("tfdogs")
class EqualizedConv2D(layers.Layer):
    """Convolution with equalized learning rate, see `EqualizedDense`; zeros around the image.

    Args:
        filters: channels of the output.
        kernel_size: 1 or 3.
        downsample: whether the image is filtered and halved too; its sides must be even. Default no.
        leaky: whether a bias, and a LeakyReLU of slope 0.2 and gain sqrt(2) follow; default yes.
        gain: factor on the output; default 1.
        dtype, name: see `keras.layers.Layer`.
    """

    def __init__(self, filters, kernel_size, *, downsample=False, leaky=True, gain=1.0, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.downsample = downsample
        self.leaky = leaky
        self.gain = gain

    def build(self, input_shape):
        size, normal = self.kernel_size, keras.initializers.RandomNormal(stddev=1.0)
        shape = (size, size, input_shape[-1], self.filters)
        # Scaled, filtered and measured in float32, and rounded once.
        self.kernel = self.add_weight("kernel", shape, initializer=normal, experimental_autocast=False)
        self.bias = self.add_weight("bias", (self.filters,), initializer="zeros") if self.leaky else None
        self.built = True

    def call(self, inputs):
        gain = self.gain * (activation.GAIN if self.leaky else 1.0)
        scale = gain / math.sqrt(self.kernel_size**2 * inputs.shape[-1])
        kernel = scale * self.kernel
        if self.downsample:
            x = resampling.conv_down(inputs, kernel)
        else:
            x = tf.nn.conv2d(inputs, tf.cast(kernel, inputs.dtype), 1, "SAME")
        return leaky_relu(tf.nn.bias_add(x, gain * self.bias)) if self.leaky else x

    def compute_output_shape(self, input_shape):
        halved = 2 if self.downsample else 1
        return (input_shape[0], input_shape[1] // halved, input_shape[2] // halved, self.filters)

    def get_config(self):
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "downsample": self.downsample}
        return {**super().get_config(), **own, "leaky": self.leaky, "gain": self.gain}
