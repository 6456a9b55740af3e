"""A level of the discriminator."""

import keras
from keras import layers

from tfdogs.models.stylegan2.equalized_conv import EqualizedConv2D

_HALF = 0.5**0.5  # a sum of two such has the size of one


@keras.saving.register_keras_serializable("tfdogs")
class ResidualBlock(layers.Layer):
    """Two convolutions of kernel 3, the second one halving, beside one of kernel 1 that halves too.

    Karras et al. 2020, figure 7.

    Args:
        filters: channels of the output.
        dtype: policy of the layers.
        name: see `keras.layers.Layer`.
    """

    def __init__(self, filters, *, dtype=None, **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.filters = filters
        self.second = EqualizedConv2D(filters, 3, downsample=True, dtype=dtype)
        self.skip = EqualizedConv2D(filters, 1, downsample=True, leaky=False, gain=_HALF, dtype=dtype)

    def build(self, input_shape):
        self.first = EqualizedConv2D(input_shape[-1], 3, dtype=self._dtype_policy)
        for layer in (self.first, self.second, self.skip):
            layer.build(input_shape)
        self.built = True

    def call(self, inputs):
        """Maps [N, H, W, C], H and W even, to [N, H / 2, W / 2, filters]."""
        # A sum right behind the activation would be fused with it, at which TF 2.15's optimizer fails.
        return self.skip(inputs) + _HALF * self.second(self.first(inputs))

    def compute_output_shape(self, input_shape):
        return self.second.compute_output_shape(input_shape)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters}
