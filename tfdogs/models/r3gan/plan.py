"""What both networks make of the same options."""

from tfdogs.models import convnets
from tfdogs.models.r3gan.residual_block import ResidualBlock

# Doublings of the paper's largest network, FFHQ at 256 px: 96, 192, 384 and then 768 channels from the image
# down. A larger one goes on outwards, and what lies at 256 px and below stays as it is.
_PAPERS_LEVELS = 6


class Plan:
    """Widths from the image down, and the residual blocks of a level.

    Args:
        image_size: height and width of the images, in pixels.
        dtype: policy of the blocks.
        base_channels, blocks, expansion, group_width, patch: see `R3GANGenerator`, defaults included.

    Attributes:
        options: the five, by name.
        patch: side of a square of pixels that the networks treat as one.
        start: side of the smallest level, in pixels: 4 to 7.
        widths: channels of each level, the image's first.

    Raises:
        ValueError: an option out of range.
    """

    def __init__(
        self, image_size, dtype, *, base_channels=64, blocks=2, expansion=2, group_width=16, patch=1
    ):
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
        self.patch = patch
        size = image_size // patch
        levels = convnets.doublings(size)
        self.start = convnets.start_size(size)
        most = 8 * 2 ** max(levels - _PAPERS_LEVELS, 0)
        self.widths = [convnets.width(base_channels, level, most=most) for level in range(levels + 1)]
        self._block = {"expansion": expansion, "group_width": group_width, "dtype": dtype}

    def blocks(self):
        """Returns the residual blocks of one level."""
        count = self.options["blocks"]
        return [ResidualBlock(count * len(self.widths), **self._block) for _ in range(count)]
