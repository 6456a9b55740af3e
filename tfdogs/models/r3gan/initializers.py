"""How kernels start."""

import math

import keras
import tensorflow as tf


def normal(fan_in, gain=1.0):
    """Returns an initializer N(0, gain^2 / fan_in)."""
    return keras.initializers.RandomNormal(stddev=gain / math.sqrt(fan_in))


class Repeated(keras.initializers.Initializer):
    """The same kernel for each of `times` groups of channels.

    A last convolution with one kernel for all pixels of a square starts as nearest-neighbour upsampling, a
    first one as average pooling; kernels of their own would start as a chequered pattern (Aitken et al. 2017,
    "Checkerboard artifact free sub-pixel convolution").

    Args:
        initializer: of one group's kernel.
        times: groups.
        axis: the kernel's axis that holds the groups one after the other.
    """

    def __init__(self, initializer, times, axis):
        self._initializer = initializer
        self._times = times
        self._axis = axis

    def __call__(self, shape, dtype=None, **kwargs):
        """Returns a kernel of a shape whose `axis` is a multiple of `times`."""
        shape, multiples = list(shape), [1] * len(shape)
        shape[self._axis] //= self._times
        multiples[self._axis] = self._times
        return tf.tile(self._initializer(shape, dtype=dtype, **kwargs), multiples)
