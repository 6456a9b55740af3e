"""To twice the size."""

import keras

from tfdogs.models import resampling
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
        shape = (1, 1, input_shape[-1], self._filters)
        # Filtered in float32, and rounded once.
        self._kernel = self.add_weight(
            "kernel", shape, initializer=normal(input_shape[-1]), experimental_autocast=False
        )
        self.built = True

    def call(self, inputs):
        """Maps [N, H, W, C] to [N, 2H, 2W, filters]."""
        return resampling.conv_up(inputs, self._kernel)
