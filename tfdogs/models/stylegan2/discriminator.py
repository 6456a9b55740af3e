"""The discriminator."""

import keras
from keras import layers

from tfdogs.models import convnets
from tfdogs.models.base import Discriminator
from tfdogs.models.stylegan2.equalized_conv import EqualizedConv2D
from tfdogs.models.stylegan2.equalized_dense import EqualizedDense
from tfdogs.models.stylegan2.minibatch_stddev import MinibatchStddev
from tfdogs.models.stylegan2.residual_block import ResidualBlock
from tfdogs.models.stylegan2.widths import widths


@keras.saving.register_keras_serializable("tfdogs")
class StyleGAN2Discriminator(Discriminator):
    """Residual blocks down to 4 to 7 pixels, the minibatch's standard deviation, convolution, dense layer.

    Karras et al. 2020. Sizes that are not 4, 5, 6 or 7 times a power of two get a margin of zeros.

    Args:
        image_size: 8 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        num_classes, freeze, dtype, name: see `Discriminator`. What lies behind the blocks is float32.
        base_channels: see `StyleGAN2Generator`; default 32.
        group_size: see `MinibatchStddev`; default 4.
    """

    def __init__(self, image_size=64, channels=3, *, base_channels=32, group_size=4, **kwargs):
        super().__init__(image_size, channels, **kwargs)
        self.base_channels = base_channels
        self.group_size = group_size
        self.head = EqualizedDense(1, dtype="float32", name="logit")
        dtype, levels = self.policy, convnets.doublings(image_size)
        stack = [keras.Input((image_size, image_size, channels))]
        extra = -image_size % 2**levels
        if extra:
            margins = (extra // 2, extra - extra // 2)
            stack.append(layers.ZeroPadding2D((margins, margins), dtype=dtype))
        first, *rest = widths(image_size, base_channels)
        stack.append(EqualizedConv2D(first, 1, dtype=dtype))
        stack += [ResidualBlock(width, dtype=dtype) for width in rest]
        stack += [
            MinibatchStddev(group_size, dtype="float32"),
            EqualizedConv2D(rest[-1], 3, dtype="float32"),
            layers.Flatten(dtype="float32"),
            EqualizedDense(rest[-1], leaky=True, dtype="float32"),
        ]
        self.body = keras.Sequential(stack, name="body")

    def call(self, inputs, training=None):
        """Judges images; see `Discriminator`. `training`: True to judge a batch by its variety too."""
        images, labels = inputs if self.num_classes else (inputs, None)
        features = self.body(images, training=training)
        logits = self.head(features)
        if labels is not None:  # scaled as an equalized layer would be
            agreement = keras.backend.mean(features * self.projection(labels), axis=1, keepdims=True)
            logits += agreement * features.shape[-1] ** 0.5
        return logits

    def get_config(self):
        return {**super().get_config(), "base_channels": self.base_channels, "group_size": self.group_size}
