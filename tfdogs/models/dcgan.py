"""DCGAN (Radford et al. 2016), for any image size from 28 to 1024. The paper's own is 64."""

import keras
from keras import layers

from tfdogs.models import convnets
from tfdogs.models.base import CONDITION, Discriminator, Generator
from tfdogs.models.conditional_batch_norm import ConditionalBatchNormalization

NORMS = ("batch", "none")
_HIDDEN = 32  # units between latent and modulation


@keras.saving.register_keras_serializable("tfdogs")
class DCGANGenerator(Generator):
    """Projection, then transposed convolutions with BatchNorm and ReLU, tanh at the end.

    Args:
        image_size: 28 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        latent_dim: length of a latent; default 100.
        num_classes, dtype, name: see `Generator`.
        base_channels: channels of the last hidden layer; doubled with every halving, up to 8x; default 64.
        skip_excitation: whether small feature maps weigh the channels of maps 8 times as large
            (`tfdogs.models.skip_excitation`), for images of 64 px or more; default False.
        self_modulation: whether scale and shift after each BatchNorm follow the latent, and the class, by a
            hidden layer of 32 units (Chen et al. 2019, "On Self Modulation for Generative Adversarial
            Networks", section 3; there each BatchNorm has a hidden layer of its own); default False.

    Raises:
        ValueError: the images are too small for skip_excitation.
    """

    def __init__(
        self,
        image_size=64,
        channels=3,
        latent_dim=100,
        *,
        base_channels=64,
        skip_excitation=False,
        self_modulation=False,
        **kwargs,
    ):
        super().__init__(image_size, channels, latent_dim, **kwargs)
        self.base_channels = base_channels
        self.skip_excitation = bool(skip_excitation)
        self.self_modulation = bool(self_modulation)
        self.body = convnets.upsampler(
            image_size,
            channels,
            base_channels,
            input_dim=self.input_dim,
            skip_excitation=self.skip_excitation,
            dtype=self.policy,
            **(self._modulation() if self.self_modulation else {}),
        )

    def _modulation(self):
        return {
            "norm": lambda: ConditionalBatchNormalization(_HIDDEN, dtype=self.policy),
            "condition": layers.Dense(_HIDDEN, activation="relu", dtype="float32", name=CONDITION),
        }

    def get_config(self):
        own = ("base_channels", "skip_excitation", "self_modulation")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


@keras.saving.register_keras_serializable("tfdogs")
class DCGANDiscriminator(Discriminator):
    """Strided convolutions with LeakyReLU, BatchNorm from the second on.

    Args:
        image_size: 28 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        num_classes, freeze, dtype, name: see `Discriminator`.
        base_channels: channels of the first layer; doubled with every halving, up to 8x; default 64.
        norm: "batch" as in the paper, or "none", which R1 and the gradient penalty ask for.
        reconstruction: whether it has decoders, for `tfdogs.Reconstruction`; default False.

    Raises:
        ValueError: an unknown `norm`.
    """

    def __init__(
        self, image_size=64, channels=3, *, base_channels=64, norm="batch", reconstruction=False, **kwargs
    ):
        super().__init__(image_size, channels, **kwargs)
        if norm not in NORMS:
            raise ValueError(f"norm must be one of {', '.join(NORMS)}. Received: norm={norm!r}")
        self.base_channels = base_channels
        self.norm = norm
        make_norm = (lambda: convnets.batch_norm(self.policy)) if norm == "batch" else None
        self.body = convnets.downsampler(
            image_size, channels, base_channels, norm=make_norm, dtype=self.policy
        )
        if reconstruction:
            self.add_decoders(base_channels)

    def get_config(self):
        own = {"base_channels": self.base_channels, "norm": self.norm, "reconstruction": self.reconstructs}
        return {**super().get_config(), **own}
