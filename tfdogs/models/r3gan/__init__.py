"""R3GAN (Huang et al. 2024, "The GAN is dead; long live the GAN!"), for any image size from 28 to 1024."""

from tfdogs.models.r3gan.discriminator import R3GANDiscriminator
from tfdogs.models.r3gan.generator import R3GANGenerator

__all__ = ["R3GANDiscriminator", "R3GANGenerator"]
