"""SAGAN: self-attention, and spectral normalization in both networks (Zhang et al. 2019)."""

import keras

from tfdogs.models.registry import default_attention
from tfdogs.models.sngan import SNGANDiscriminator, SNGANGenerator


@keras.saving.register_keras_serializable("tfdogs")
class SAGANGenerator(SNGANGenerator):
    """SNGAN's generator with spectral normalization and self-attention.

    Zhang et al. 2019, "Self-Attention Generative Adversarial Networks".

    Args:
        image_size, channels, latent_dim, num_classes, base_channels, dtype, name: see `SNGANGenerator`.
        attention: it is at the largest feature map of at most this size and half the image's; 0 for none;
            default: `registry.default_attention`.
    """

    def __init__(self, image_size=64, channels=3, latent_dim=128, *, attention=None, **kwargs):
        attention = default_attention(image_size) if attention is None else attention
        super().__init__(image_size, channels, latent_dim, attention=attention, spectral_norm=True, **kwargs)

    def get_config(self):
        return {**super().get_config(), "attention": self.attention}


@keras.saving.register_keras_serializable("tfdogs")
class SAGANDiscriminator(SNGANDiscriminator):
    """SNGAN's discriminator with self-attention.

    Args:
        image_size, channels, num_classes, freeze, base_channels, dtype, name: see `SNGANDiscriminator`.
        attention: see `SAGANGenerator`.
    """

    def __init__(self, image_size=64, channels=3, *, attention=None, **kwargs):
        attention = default_attention(image_size) if attention is None else attention
        super().__init__(image_size, channels, attention=attention, **kwargs)

    def get_config(self):
        return {**super().get_config(), "attention": self.attention}
