"""The discriminator."""

import keras
from keras import layers

from tfdogs.models.base import Discriminator
from tfdogs.models.r3gan.discriminative_basis import DiscriminativeBasis
from tfdogs.models.r3gan.downsample import Downsample
from tfdogs.models.r3gan.initializers import Repeated, normal
from tfdogs.models.r3gan.plan import Plan
from tfdogs.models.r3gan.space_to_depth import SpaceToDepth


@keras.saving.register_keras_serializable("tfdogs")
class R3GANDiscriminator(Discriminator):
    """The generator's mirror: residual blocks and bilinear downsampling, a learned picture at the end.

    Made for the loss "relativistic" with R1 and R2.

    Args:
        image_size: 28 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        num_classes, freeze, dtype, name: see `Discriminator`.
        base_channels, blocks, expansion, group_width: see `R3GANGenerator`.
        patch: side of the squares of pixels that the first layer reads into one place; default 1.
        reconstruction: whether it has decoders, for `tfdogs.Reconstruction`; default False.

    Raises:
        ValueError: an option out of range, or a patch too large for reconstruction.
    """

    def __init__(
        self,
        image_size=64,
        channels=3,
        *,
        reconstruction=False,
        num_classes=0,
        freeze=0,
        dtype=None,
        name=None,
        **options,
    ):
        super().__init__(image_size, channels, num_classes=num_classes, freeze=freeze, dtype=dtype, name=name)
        self._plan = plan = Plan(image_size, dtype, **options)
        policy = {"dtype": dtype}
        pixels = plan.patch**2
        init = Repeated(normal(channels, gain=1 / pixels), pixels, axis=2)
        stack = [
            SpaceToDepth(plan.patch, **policy),
            layers.Conv2D(plan.widths[0], 1, use_bias=False, kernel_initializer=init, **policy),
        ]
        for width in plan.widths[1:]:
            stack += [*plan.blocks(), Downsample(width, **policy)]
        stack += [*plan.blocks(), DiscriminativeBasis(**policy)]
        self.body = keras.Sequential([keras.Input(self.image_shape), *stack], name="body")
        init = normal(plan.widths[-1])
        self.head = layers.Dense(1, kernel_initializer=init, dtype="float32", name="logit")
        if reconstruction:
            self.add_decoders(plan.options["base_channels"])

    def get_config(self):
        return {**super().get_config(), **self._plan.options, "reconstruction": self.reconstructs}
