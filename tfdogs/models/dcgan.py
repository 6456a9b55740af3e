"""DCGAN (Radford et al. 2016), for any image size from 28 to 1024. The paper's own is 64."""

import keras

from tfdogs.models import convnets
from tfdogs.models.base import Discriminator, Generator

NORMS = ("batch", "none")


@keras.saving.register_keras_serializable("tfdogs")
class DCGANGenerator(Generator):
    """Projection, then transposed convolutions with BatchNorm and ReLU, tanh at the end.

    Args:
        image_size: 28 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        latent_dim: length of a latent; default 100.
        num_classes, dtype, name: see `Generator`.
        base_channels: channels of the last hidden layer; doubled with every halving, up to 8x; default 64.
    """

    def __init__(self, image_size=64, channels=3, latent_dim=100, *, base_channels=64, **kwargs):
        super().__init__(image_size, channels, latent_dim, **kwargs)
        self.base_channels = base_channels
        self.body = convnets.upsampler(
            image_size, channels, base_channels, input_dim=self.input_dim, dtype=self.policy
        )

    def get_config(self):
        return {**super().get_config(), "base_channels": self.base_channels}


@keras.saving.register_keras_serializable("tfdogs")
class DCGANDiscriminator(Discriminator):
    """Strided convolutions with LeakyReLU, BatchNorm from the second on.

    Args:
        image_size: 28 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        num_classes, dtype, name: see `Discriminator`.
        base_channels: channels of the first layer; doubled with every halving, up to 8x; default 64.
        norm: "batch" as in the paper, or "none", which R1 and the gradient penalty ask for.

    Raises:
        ValueError: an unknown `norm`.
    """

    def __init__(self, image_size=64, channels=3, *, base_channels=64, norm="batch", **kwargs):
        super().__init__(image_size, channels, **kwargs)
        if norm not in NORMS:
            raise ValueError(f"norm must be one of {', '.join(NORMS)}. Received: norm={norm!r}")
        self.base_channels = base_channels
        self.norm = norm
        make_norm = (lambda: convnets.batch_norm(self.policy)) if norm == "batch" else None
        self.body = convnets.downsampler(
            image_size, channels, base_channels, norm=make_norm, dtype=self.policy
        )

    def get_config(self):
        return {**super().get_config(), "base_channels": self.base_channels, "norm": self.norm}
