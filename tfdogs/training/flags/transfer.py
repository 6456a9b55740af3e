"""Where networks start from, and what of the discriminator stays as it was there."""

import dataclasses

from tfdogs.config import Config, flag


@dataclasses.dataclass(frozen=True)
class TransferFlags(Config):
    """See the module."""

    init_from: str = flag(
        "Start the networks from trained ones: a run of tfdogs.train (its newest checkpoint), an export or a "
        ".keras file, also of other classes or another image size; empty: at random. Read once, at the run's "
        "start: a resumed run needs the same value, and the place no more.",
        default="",
    )
    freeze_d: int = flag(
        "With --init_from: this many layers of the discriminator, counted from the image, do not learn "
        "(FreezeD). A layer is a convolution or dense layer (dcgan, wgan_gp, mlp), a residual block (sngan, "
        "sagan, biggan), any of these (stylegan2, r3gan), with the normalization or self-attention behind "
        "it; the logit is none.",
        default=0,
        lower=0,
    )

    def __post_init__(self):
        super().__post_init__()
        if self.freeze_d and not self.init_from:
            self.reject(
                "freeze_d", "goes with --init_from only: layers that were drawn at random would stay so"
            )
