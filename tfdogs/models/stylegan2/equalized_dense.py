"""A dense layer whose learning rate is that of any other."""

import math

import keras
import tensorflow as tf
from keras import layers

from tfdogs.models.leaky_relu import leaky_relu
from tfdogs.models.stylegan2 import activation


@keras.saving.register_keras_serializable("tfdogs")
class EqualizedDense(layers.Layer):
    """Dense layer with equalized learning rate (Karras et al. 2018, Progressive GANs, section 4.1).

    The weights start from N(0, 1) and are scaled in every call, not at the start: all of them then move at
    one pace under Adam, however many inputs their layer has.

    Args:
        units: length of the output.
        leaky: whether a LeakyReLU of slope 0.2 and gain sqrt(2) follows; default no.
        lr_multiplier: learning rate in proportion to other layers'; default 1.
        bias: what the bias starts from; default 0.
        dtype, name: see `keras.layers.Layer`.
    """

    def __init__(self, units, *, leaky=False, lr_multiplier=1.0, bias=0.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.leaky = leaky
        self.lr_multiplier = lr_multiplier
        self.initial_bias = bias

    def build(self, input_shape):
        rate, inputs = self.lr_multiplier, input_shape[-1]
        normal = keras.initializers.RandomNormal(stddev=1.0 / rate)
        self.kernel = self.add_weight("kernel", (inputs, self.units), initializer=normal)
        start = keras.initializers.Constant(self.initial_bias / rate)
        self.bias = self.add_weight("bias", (self.units,), initializer=start)
        self.built = True

    def call(self, inputs):
        gain = activation.GAIN if self.leaky else 1.0
        rate = gain * self.lr_multiplier
        scale = rate / math.sqrt(inputs.shape[-1])
        x = tf.nn.bias_add(tf.matmul(inputs, scale * self.kernel), rate * self.bias)
        return leaky_relu(x) if self.leaky else x

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        own = {"units": self.units, "leaky": self.leaky, "lr_multiplier": self.lr_multiplier}
        return {**super().get_config(), **own, "bias": self.initial_bias}
