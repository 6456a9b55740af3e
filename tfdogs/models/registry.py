"""Models by name, as `--model` knows them."""

from tfdogs.errors import UsageError


def _mlp(sizes, latent_dim, g_channels, d_channels, d_norm):
    from tfdogs.models.mlp import MLPDiscriminator, MLPGenerator

    del d_norm
    generator = MLPGenerator(**sizes, latent_dim=latent_dim, hidden=8 * g_channels)
    return generator, MLPDiscriminator(**sizes, hidden=8 * d_channels)


def _dcgan(sizes, latent_dim, g_channels, d_channels, d_norm):
    from tfdogs.models.dcgan import DCGANDiscriminator, DCGANGenerator

    generator = DCGANGenerator(**sizes, latent_dim=latent_dim, base_channels=g_channels)
    return generator, DCGANDiscriminator(**sizes, base_channels=d_channels, norm=d_norm)


def _wgan_gp(sizes, latent_dim, g_channels, d_channels, d_norm):
    from tfdogs.models.wgan_gp import WGANGPCritic, WGANGPGenerator

    del d_norm
    generator = WGANGPGenerator(**sizes, latent_dim=latent_dim, base_channels=g_channels)
    return generator, WGANGPCritic(**sizes, base_channels=d_channels)


# name: (builder, smallest image size, largest)
_MODELS = {"dcgan": (_dcgan, 28, 128), "mlp": (_mlp, 8, 64), "wgan_gp": (_wgan_gp, 28, 512)}

NAMES = tuple(_MODELS)


def build(
    name,
    *,
    image_size,
    channels=3,
    latent_dim=100,
    num_classes=0,
    g_channels=64,
    d_channels=64,
    d_norm="batch",
    dtype=None,
):
    """Builds a generator and a discriminator, with their weights.

    Args:
        name: one of `NAMES`.
        image_size: height and width, in pixels, within the model's range.
        channels: 1 or 3.
        latent_dim: length of a latent.
        num_classes: number of classes; 0 for unconditional networks.
        g_channels: width of the generator: channels of its last hidden layer (mlp: an eighth of its units).
        d_channels: width of the discriminator: channels of its first layer (mlp: an eighth of its units).
        d_norm: dcgan only: "batch" or "none".
        dtype: policy of the layers, such as "mixed_bfloat16".

    Returns:
        (generator, discriminator), both `keras.Model`s.

    Raises:
        UsageError: an unknown name, or an image size or number of channels that the model can't do.
    """
    if name not in _MODELS:
        raise UsageError(f"--model must be one of {', '.join(NAMES)}. Received: --model={name}")
    builder, smallest, largest = _MODELS[name]
    if not smallest <= image_size <= largest:
        legal = f"images of {smallest} to {largest} pixels"
        raise UsageError(f"{name} draws {legal}. Received: image_size={image_size}")
    if channels not in (1, 3):
        raise UsageError(f"{name} draws 1 or 3 channels. Received: channels={channels}")
    sizes = {"image_size": image_size, "channels": channels, "num_classes": num_classes, "dtype": dtype}
    networks = builder(sizes, latent_dim, g_channels, d_channels, d_norm)
    for network in networks:
        network.build()
    return networks
