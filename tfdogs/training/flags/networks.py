"""Which networks play, and how large they are."""

import dataclasses

from tfdogs.config import Config, flag
from tfdogs.errors import UsageError
from tfdogs.models import registry


@dataclasses.dataclass(frozen=True)
class NetworkFlags(Config):
    """See the module. A flag that only some models know must keep its default with all others."""

    model: str = flag("Networks.", default="dcgan", choices=registry.NAMES)
    latent_dim: int = flag("Length of a latent.", default=128, former=(100,), lower=1)
    latent: str = flag(
        "Distribution of latents: N(0, 1) or U[-1, 1).", default="normal", choices=("normal", "uniform")
    )
    conditional: bool = flag("Condition both networks on the class.", default=False)
    g_channels: int = flag(
        "Width of the generator: channels of its last hidden layer (mlp: an eighth of its units).",
        default=32,
        former=(64,),
        lower=1,
    )
    d_channels: int = flag(
        "Width of the discriminator: channels of its first layer (mlp: an eighth of its units).",
        default=32,
        former=(64,),
        lower=1,
    )
    d_norm: str = flag(
        "dcgan: the discriminator's normalization; batch needs --r1=0, and no --r2, --gradient_penalty or "
        "--dragan.",
        default="none",
        former=("batch",),
        choices=("batch", "none"),
    )
    skip_excitation: bool = flag(
        "dcgan, r3gan: small feature maps of the generator weigh the channels of maps 8 times as large "
        "(FastGAN); for images of 64 px or more.",
        default=False,
    )
    self_modulation: bool = flag(
        "dcgan: scale and shift after each BatchNorm of the generator follow the latent (Chen et al. 2019).",
        default=True,
        former=(False,),
    )
    reconstruction: float = flag(
        "dcgan, r3gan: weight of the loss of small decoders that draw the real images out of the "
        "discriminator's feature maps, and which it learns with (FastGAN: 1); 0: none.",
        default=0.0,
        lower=0.0,
    )
    attention: int = flag(
        "sagan, biggan: there is self-attention at the largest feature map of at most this side, and of half "
        "the image's; 0: none; -1: 32, and 64 for images of over 128 px.",
        default=-1,
        lower=-1,
    )
    activation: str = flag(
        "biggan: activation of both networks.", default="relu", choices=("relu", "leaky_relu")
    )
    embedding_dim: int = flag("biggan: length of a class's embedding.", default=128, lower=1)
    auxiliary: float = flag(
        "biggan: weight of an auxiliary classifier's loss (AC-GAN), with --conditional; 0: none.",
        default=0.0,
        lower=0.0,
    )
    mapping_layers: int = flag("stylegan2: layers of the mapping network.", default=8, lower=1, upper=16)
    w_dim: int = flag("stylegan2: length of a style, w; 0: as --latent_dim.", default=0, lower=0)
    style_mixing: float = flag(
        "stylegan2: share of images in training that mix the styles of two latents.",
        default=0.9,
        lower=0.0,
        upper=1.0,
    )
    blocks: int = flag("r3gan: residual blocks at every resolution.", default=2, lower=1)
    expansion: int = flag("r3gan: channels inside a block, as a multiple of its input's.", default=2, lower=1)
    group_width: int = flag(
        "r3gan: channels in a group of the grouped convolutions; 0: one group.", default=16, lower=0
    )
    patch: int = flag(
        "r3gan: side of the squares of pixels that the outermost layers treat as one; for CPUs.",
        default=1,
        lower=1,
    )

    def __post_init__(self):
        super().__post_init__()
        if self.auxiliary and not self.conditional:
            self.reject("auxiliary", "goes with --conditional only")
        for name, models in registry.OPTIONS.items():
            default = getattr(type(self), name)
            if self.model in models:
                continue
            if default is True:  # on where there is such a thing
                object.__setattr__(self, name, False)
            elif getattr(self, name) != default:
                self._reject_option(name, getattr(self, name))

    def check_given(self, values):
        """See `Config.check_given`: an option that is on by default with other models."""
        super().check_given(values)
        for name, models in registry.OPTIONS.items():
            if values.get(name) is True and self.model not in models:
                self._reject_option(name, True)

    def _reject_option(self, name, value):
        models = " or ".join(registry.OPTIONS[name])
        raise UsageError(
            f"--{name} goes with --model={models} only, not {self.model}. Received: --{name}={value}"
        )

    @classmethod
    def from_dict(cls, values):
        """Leaves out the flags of other models: what they say is the default of when it was written.

        A run that was begun before `self_modulation` was there goes without.
        """
        values = {"self_modulation": False, **values}
        model = values.get("model", cls.model)
        return super().from_dict(
            {n: v for n, v in values.items() if model in registry.OPTIONS.get(n, [model])}
        )

    @property
    def network_options(self):
        """The flags that this model alone knows, as `tfdogs.models.build` takes them."""
        options = {n: getattr(self, n) for n, models in registry.OPTIONS.items() if self.model in models}
        for weight in ("auxiliary", "reconstruction"):  # of a loss: the network has the layers for it or not
            if weight in options:
                options[weight] = bool(options[weight])
        if "w_dim" in options:
            options["w_dim"] = self.w_dim or None
        if options.get("attention") == -1:
            options["attention"] = None
        return options
