"""R3GAN (Huang et al. 2024, "The GAN is dead; long live the GAN!"), for any image size from 28 to 128."""

import math

import keras
from keras import layers

from tfdogs.models import convnets
from tfdogs.models.base import Discriminator, Generator
from tfdogs.models.r3gan_layers import (
    DepthToSpace,
    DiscriminativeBasis,
    Downsample,
    GenerativeBasis,
    Repeated,
    ResidualBlock,
    SpaceToDepth,
    Upsample,
    normal,
)


class _Plan:
    """What both networks make of the same options: widths from the image down, and the blocks of a level."""

    def __init__(self, image_size, dtype, *, base_channels, blocks, expansion, group_width, patch):
        if blocks < 1 or expansion < 1 or group_width < 0:
            raise ValueError(
                "blocks and expansion must be 1 or more, group_width 0 or more. "
                f"Received: blocks={blocks}, expansion={expansion}, group_width={group_width}"
            )
        if patch < 1 or image_size % patch or image_size < 4 * patch:
            legal = "patch must divide image_size and leave 4 or more"
            raise ValueError(f"{legal}. Received: patch={patch}, image_size={image_size}")
        self.options = {
            "base_channels": base_channels,
            "blocks": blocks,
            "expansion": expansion,
            "group_width": group_width,
            "patch": patch,
        }
        self.size = image_size // patch
        levels = convnets.doublings(self.size)
        self.start = math.ceil(self.size / 2**levels)
        self.widths = [convnets.width(base_channels, level) for level in range(levels + 1)]
        self._block = {"expansion": expansion, "group_width": group_width, "dtype": dtype}

    def blocks(self):
        """Returns the residual blocks of one level."""
        count = self.options["blocks"]
        return [ResidualBlock(count * len(self.widths), **self._block) for _ in range(count)]


@keras.saving.register_keras_serializable("tfdogs")
class R3GANGenerator(Generator):
    """A learned picture of 4 to 7 pixels that the latent scales, residual blocks, bilinear upsampling.

    Without normalization, as the whole of R3GAN. The paper leaves the last convolution's output as it is;
    here tanh keeps images in [-1, 1]. An image size that is no power of two times 4 to 7 is drawn a little
    larger and cropped.

    Args:
        image_size: 28 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        latent_dim: length of a latent; default 64, as the paper's.
        num_classes, dtype, name: see `Generator`.
        base_channels: channels at the image's size; doubled with every halving, up to 8x; default 64.
        blocks: residual blocks at each size; default 2, as the paper's.
        expansion: channels inside a block, as a multiple of its input's; default 2, as the paper's.
        group_width: least channels in a group of the 3x3 convolutions; 0 for one group. Default 16, as the
            paper's. Where TensorFlow cannot train groups (on a CPU in float16, or without oneDNN), full
            convolutions with zeros between the groups do the same more slowly.
        patch: side of the squares of pixels that the last layer draws from one place; default 1, as the
            paper's. 2 leaves out the level at the image's size, the most expensive.

    Raises:
        ValueError: an option out of range.
    """

    def __init__(
        self,
        image_size=64,
        channels=3,
        latent_dim=64,
        *,
        base_channels=64,
        blocks=2,
        expansion=2,
        group_width=16,
        patch=1,
        **kwargs,
    ):
        super().__init__(image_size, channels, latent_dim, **kwargs)
        self._plan = plan = _Plan(
            image_size,
            self.policy,
            base_channels=base_channels,
            blocks=blocks,
            expansion=expansion,
            group_width=group_width,
            patch=patch,
        )
        dtype = {"dtype": self.policy}
        stack = [GenerativeBasis(plan.start, plan.widths[-1], **dtype), *plan.blocks()]
        for width in reversed(plan.widths[:-1]):
            stack += [Upsample(width, **dtype), *plan.blocks()]
        init = Repeated(normal(plan.widths[0]), patch**2, axis=3)
        stack += [
            layers.Conv2D(channels * patch**2, 1, use_bias=False, kernel_initializer=init, **dtype),
            DepthToSpace(patch, image_size, **dtype),
            layers.Activation("tanh", dtype="float32"),
        ]
        self.body = keras.Sequential([keras.Input((self.input_dim,)), *stack], name="body")

    def get_config(self):
        return {**super().get_config(), **self._plan.options}


@keras.saving.register_keras_serializable("tfdogs")
class R3GANDiscriminator(Discriminator):
    """The generator's mirror: residual blocks and bilinear downsampling, a learned picture at the end.

    Made for the loss "relativistic" with R1 and R2.

    Args:
        image_size: 28 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        num_classes, dtype, name: see `Discriminator`.
        base_channels, blocks, expansion, group_width: see `R3GANGenerator`.
        patch: side of the squares of pixels that the first layer reads into one place; default 1.

    Raises:
        ValueError: an option out of range.
    """

    def __init__(
        self,
        image_size=64,
        channels=3,
        *,
        base_channels=64,
        blocks=2,
        expansion=2,
        group_width=16,
        patch=1,
        **kwargs,
    ):
        super().__init__(image_size, channels, **kwargs)
        self._plan = plan = _Plan(
            image_size,
            self.policy,
            base_channels=base_channels,
            blocks=blocks,
            expansion=expansion,
            group_width=group_width,
            patch=patch,
        )
        dtype = {"dtype": self.policy}
        init = Repeated(normal(channels, gain=1 / patch**2), patch**2, axis=2)
        stack = [
            SpaceToDepth(patch, **dtype),
            layers.Conv2D(plan.widths[0], 1, use_bias=False, kernel_initializer=init, **dtype),
        ]
        for width in plan.widths[1:]:
            stack += [*plan.blocks(), Downsample(width, **dtype)]
        stack += [*plan.blocks(), DiscriminativeBasis(**dtype)]
        self.body = keras.Sequential([keras.Input(self.image_shape), *stack], name="body")
        init = normal(plan.widths[-1])
        self.head = layers.Dense(1, kernel_initializer=init, dtype="float32", name="logit")

    def get_config(self):
        return {**super().get_config(), **self._plan.options}
