"""To half the size."""

import keras

from tfdogs.models import resampling
from tfdogs.models.r3gan.initializers import normal


class Downsample(keras.layers.Layer):
    """Bilinear interpolation to half the size and a 1x1 convolution, as one strided convolution.

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
        """Maps [N, H, W, C] to [N, ceil(H / 2), ceil(W / 2), filters]."""
        return resampling.conv_down(inputs, self._kernel)
