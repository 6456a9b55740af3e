"""SNGAN: residual networks, the discriminator's spectrally normalized (Miyato et al. 2018)."""

import itertools

import keras
import tensorflow as tf

from tfdogs.models import residual_plan
from tfdogs.models.named_weights import numbered
from tfdogs.models.resnets import ResidualDiscriminator, ResidualGenerator


@keras.saving.register_keras_serializable("tfdogs")
class SNGANGenerator(ResidualGenerator):
    """Residual blocks with BatchNorm, whose scale and shift are the class's where it is conditional.

    Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", tables
    4 to 6; the classes as in Miyato and Koyama 2018, "cGANs with Projection Discriminator".

    Args:
        image_size: 28 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        latent_dim: length of a latent; default 128.
        num_classes, dtype, name: see `Generator`.
        base_channels: channels of the last block; doubled with every halving, up to 16x; under 64 px all
            blocks have 4x; default 64, the paper's.
    """

    def __init__(
        self, image_size=64, channels=3, latent_dim=128, *, base_channels=64, num_classes=0, **kwargs
    ):
        widths = residual_plan.generator_widths(image_size)
        super().__init__(
            image_size,
            channels,
            latent_dim,
            num_classes=num_classes,
            base_channels=base_channels,
            widths=widths,
            conditions=[num_classes] * len(widths[1]),
            **{"norm": {}, **kwargs},
        )

    def split(self, latents, labels):
        condition = None if labels is None else tf.one_hot(labels, self.num_classes)
        return latents, itertools.repeat(condition)

    def condition_rows(self, block):
        return numbered("class", self.num_classes)


@keras.saving.register_keras_serializable("tfdogs")
class SNGANDiscriminator(ResidualDiscriminator):
    """Residual blocks, every kernel spectrally normalized, projection of the label.

    Args:
        image_size: 28 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        num_classes, freeze, dtype, name: see `Discriminator`.
        base_channels: channels of the first block; doubled with every halving, up to 16x; under 64 px all
            blocks have 4x; default 64, the paper's.
    """

    def __init__(self, image_size=64, channels=3, *, base_channels=64, **kwargs):
        super().__init__(image_size, channels, base_channels=base_channels, **kwargs)
