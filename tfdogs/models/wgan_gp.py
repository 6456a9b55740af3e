"""The networks of WGAN-GP (Gulrajani et al. 2017), as used on dog and cat faces."""

import keras

from tfdogs.addons import InstanceNormalization
from tfdogs.models import convnets
from tfdogs.models.base import Discriminator
from tfdogs.models.dcgan import DCGANGenerator


@keras.saving.register_keras_serializable("tfdogs")
class WGANGPGenerator(DCGANGenerator):
    """DCGAN's transposed convolutions with BatchNorm and ReLU: five blocks at 64 px, a latent of 200.

    Args: see `DCGANGenerator`.
    """

    def __init__(self, image_size=64, channels=3, latent_dim=200, **kwargs):
        super().__init__(image_size, channels, latent_dim, **kwargs)


@keras.saving.register_keras_serializable("tfdogs")
class WGANGPCritic(Discriminator):
    """Strided convolutions with InstanceNorm and LeakyReLU, ending in a score without bounds.

    The gradient penalty is taken image by image, so the critic must not mix the images of a batch as
    BatchNorm does (Gulrajani et al. 2017, section 4).

    Args:
        image_size: 28 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        num_classes, freeze, dtype, name: see `Discriminator`.
        base_channels: channels of the first layer; doubled with every halving, up to 8x; default 64.
    """

    def __init__(self, image_size=64, channels=3, *, base_channels=64, **kwargs):
        super().__init__(image_size, channels, **kwargs)
        self.base_channels = base_channels
        # float32: its moments over a small map overflow or drown in half precision.
        self.body = convnets.downsampler(
            image_size,
            channels,
            base_channels,
            norm=lambda: InstanceNormalization(dtype="float32"),
            dtype=self.policy,
        )

    def get_config(self):
        return {**super().get_config(), "base_channels": self.base_channels}
