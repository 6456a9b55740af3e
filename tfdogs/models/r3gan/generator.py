"""The generator."""

import functools

import keras
from keras import layers

from tfdogs.models.base import Generator
from tfdogs.models.r3gan.depth_to_space import DepthToSpace
from tfdogs.models.r3gan.generative_basis import GenerativeBasis
from tfdogs.models.r3gan.initializers import Repeated, normal
from tfdogs.models.r3gan.plan import Plan
from tfdogs.models.r3gan.upsample import Upsample
from tfdogs.models.skip_excitation import SkipExcitation, chain


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
        base_channels: channels at the image's size; doubled with every halving, up to 8x, over 256 px to 16x
            and over 512 px to 32x; default 64. 96 at 256 px is the paper's network for FFHQ.
        blocks: residual blocks at each size; default 2, as the paper's.
        expansion: channels inside a block, as a multiple of its input's; default 2, as the paper's.
        group_width: least channels in a group of the 3x3 convolutions; 0 for one group. Default 16, as the
            paper's. Where TensorFlow cannot train groups (on a CPU in float16, or without oneDNN), full
            convolutions with zeros between the groups do the same more slowly.
        patch: side of the squares of pixels that the last layer draws from one place; default 1, as the
            paper's. 2 leaves out the level at the image's size, the most expensive.
        skip_excitation: whether small feature maps weigh the channels of maps 8 times as large, behind their
            residual blocks (`tfdogs.models.skip_excitation`), for images of 32 * patch px or more. As nothing
            is normalized here, weights are twice the paper's and their last kernel starts at zero: they are 1
            at first, and the signal keeps its size. Default False.

    Raises:
        ValueError: an option out of range, or images too small for skip_excitation.
    """

    def __init__(
        self,
        image_size=64,
        channels=3,
        latent_dim=64,
        *,
        skip_excitation=False,
        num_classes=0,
        dtype=None,
        name=None,
        **options,
    ):
        super().__init__(image_size, channels, latent_dim, num_classes=num_classes, dtype=dtype, name=name)
        self._plan = plan = Plan(image_size, dtype, **options)
        self.skip_excitation = bool(skip_excitation)
        policy = {"dtype": dtype}
        levels = [[GenerativeBasis(plan.start, plan.widths[-1], **policy), *plan.blocks()]]
        for width in reversed(plan.widths[:-1]):
            levels.append([Upsample(width, **policy), *plan.blocks()])
        pixels = plan.patch**2
        init = Repeated(normal(plan.widths[0]), pixels, axis=3)
        ending = [
            layers.Conv2D(channels * pixels, 1, use_bias=False, kernel_initializer=init, **policy),
            DepthToSpace(plan.patch, image_size, **policy),
            layers.Activation("tanh", dtype="float32"),
        ]
        gate = functools.partial(SkipExcitation, "he_normal", "zeros", gain=2.0, **policy)
        self.body = chain(self.input_dim, levels, ending, gate=gate if self.skip_excitation else None)

    def get_config(self):
        own = {"skip_excitation": self.skip_excitation}
        return {**super().get_config(), **self._plan.options, **own}
