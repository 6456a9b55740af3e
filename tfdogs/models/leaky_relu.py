"""LeakyReLU of slope 0.2, which all networks share."""

import tensorflow as tf
from keras import layers

SLOPE = 0.2


def leaky_relu(x):
    """Returns x where it is positive and 0.2 x elsewhere, in the dtype of `x`."""
    if x.dtype != tf.bfloat16:
        return tf.nn.leaky_relu(x, SLOPE)
    # In bfloat16 it has no fast kernel on a CPU: the way through float32 halves what it costs.
    return tf.cast(tf.nn.leaky_relu(tf.cast(x, tf.float32), SLOPE), x.dtype)


class LeakyReLU(layers.LeakyReLU):
    """`leaky_relu` as a layer.

    Args:
        dtype: policy of the layer.
    """

    def __init__(self, dtype=None):
        super().__init__(SLOPE, dtype=dtype)

    def call(self, inputs):
        return leaky_relu(inputs)

    def get_config(self):
        return {"dtype": super().get_config()["dtype"]}
