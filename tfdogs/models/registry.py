"""Models by name, as `--model` knows them."""

import dataclasses
import importlib

from tfdogs.errors import UsageError


@dataclasses.dataclass(frozen=True)
class _Model:
    """Two networks: where they live, what they draw, and what they take besides what all take.

    Attributes:
        generator, discriminator: "module:class" under tfdogs.models.
        smallest, largest: sides of images, in pixels.
        g_options, d_options: names of options; an argument of the constructor has the same name, without d_.
        hidden: whether the width goes to `hidden`, eightfold, and not to `base_channels`.
    """

    generator: str
    discriminator: str
    smallest: int
    largest: int
    g_options: tuple = ()
    d_options: tuple = ()
    hidden: bool = False


_R3GAN = ("blocks", "expansion", "group_width", "patch")
_MODELS = {
    "biggan": _Model(
        *("biggan:BigGANGenerator", "biggan:BigGANDiscriminator", 28, 1024),
        g_options=("attention", "activation", "embedding_dim"),
        d_options=("attention", "activation", "auxiliary"),
    ),
    "dcgan": _Model(
        *("dcgan:DCGANGenerator", "dcgan:DCGANDiscriminator", 28, 1024),
        g_options=("skip_excitation", "self_modulation"),
        d_options=("d_norm", "reconstruction"),
    ),
    "mlp": _Model("mlp:MLPGenerator", "mlp:MLPDiscriminator", 8, 64, hidden=True),
    "r3gan": _Model(
        *("r3gan.generator:R3GANGenerator", "r3gan.discriminator:R3GANDiscriminator", 28, 1024),
        g_options=(*_R3GAN, "skip_excitation"),
        d_options=(*_R3GAN, "reconstruction"),
    ),
    "sagan": _Model(
        *("sagan:SAGANGenerator", "sagan:SAGANDiscriminator", 28, 128),
        g_options=("attention",),
        d_options=("attention",),
    ),
    "sngan": _Model("sngan:SNGANGenerator", "sngan:SNGANDiscriminator", 28, 128),
    "stylegan2": _Model(
        *("stylegan2.generator:StyleGAN2Generator", "stylegan2.discriminator:StyleGAN2Discriminator"),
        *(28, 1024),
        g_options=("mapping_layers", "w_dim", "style_mixing"),
    ),
    "wgan_gp": _Model("wgan_gp:WGANGPGenerator", "wgan_gp:WGANGPCritic", 28, 512),
}

NAMES = tuple(_MODELS)
# The models that take an option, by its name.
OPTIONS = {
    option: tuple(name for name, m in _MODELS.items() if option in (*m.g_options, *m.d_options))
    for option in dict.fromkeys(o for m in _MODELS.values() for o in (*m.g_options, *m.d_options))
}


def default_attention(image_size):
    """Returns the largest side of a feature map that sagan and biggan attend to where nobody says another.

    64 px over 128 px, as BigGAN has it (Brock et al. 2019, appendix B). Up to 128 px it is 32, though the
    paper has 64 at 128 px too: runs of that size are there.
    """
    return 64 if image_size > 128 else 32


def build(
    name,
    *,
    image_size,
    channels=3,
    latent_dim=100,
    num_classes=0,
    g_channels=64,
    d_channels=64,
    freeze_d=0,
    dtype=None,
    **options,
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
        freeze_d: how many of the discriminator's layers, counted from the image, do not learn: see
            `Discriminator.stages`.
        dtype: policy of the layers, such as "mixed_bfloat16".
        **options: what else the model's constructors take, out of `OPTIONS`, such as d_norm="none" for
            dcgan's discriminator; an option that both take goes to both. Default: the constructors'.

    Returns:
        (generator, discriminator), both `keras.Model`s.

    Raises:
        UsageError: an unknown name, an option that the model does not know, or an image size, a number of
            channels or of frozen layers that it can't do.
    """
    if name not in _MODELS:
        raise UsageError(f"--model must be one of {', '.join(NAMES)}. Received: --model={name}")
    model = _MODELS[name]
    if not model.smallest <= image_size <= model.largest:
        legal = f"images of {model.smallest} to {model.largest} pixels"
        raise UsageError(f"{name} draws {legal}. Received: image_size={image_size}")
    if channels not in (1, 3):
        raise UsageError(f"{name} draws 1 or 3 channels. Received: channels={channels}")
    known = (*model.g_options, *model.d_options)
    for option, value in options.items():
        if option not in known:
            legal = ", ".join(known) or "none"
            raise UsageError(f"{name}'s options are: {legal}. Received: {option}={value!r}")

    def network(path, width, own, **more):
        module, cls = path.split(":")
        width = {"hidden": 8 * width} if model.hidden else {"base_channels": width}
        try:
            return getattr(importlib.import_module(f"tfdogs.models.{module}"), cls)(
                image_size,
                channels,
                num_classes=num_classes,
                dtype=dtype,
                **width,
                **more,
                **{option.removeprefix("d_"): value for option, value in options.items() if option in own},
            )
        except ValueError as e:
            raise UsageError(f"{name}: {e}") from e

    networks = (
        network(model.generator, g_channels, model.g_options, latent_dim=latent_dim),
        network(model.discriminator, d_channels, model.d_options),
    )
    for built in networks:
        built.build()
    layers = len(networks[1].stages())
    if not 0 <= freeze_d <= layers:
        legal = f"0 to {layers}, the layers of the discriminator of {name} at {image_size} px"
        raise UsageError(f"--freeze_d must be {legal}. Received: --freeze_d={freeze_d}")
    networks[1].freeze_stages(freeze_d)
    return networks
