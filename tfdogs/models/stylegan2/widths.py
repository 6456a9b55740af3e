"""How wide both networks are at each resolution."""

from tfdogs.models import convnets

_WIDEST = 512  # channels, as in the paper
_OUR_LARGEST = 128  # pixels, up to which networks are 8 times as wide at most: runs of those sizes are there


def widths(image_size, base_channels):
    """Returns the channels of each level, the image's first.

    Over 128 px they are min(c / resolution, 512), c being base_channels * image_size, as in the code of
    Karras et al. 2020: its configuration F has c = 32768, which is 128 base channels at 256 px, 64 at 512 and
    32 at 1024.

    Args:
        image_size: in pixels.
        base_channels: channels at the image; never fewer anywhere.
    """
    levels = range(convnets.doublings(image_size) + 1)
    if image_size <= _OUR_LARGEST:
        return [convnets.width(base_channels, level) for level in levels]
    return [
        min(convnets.width(base_channels, level, most=2**level), max(_WIDEST, base_channels))
        for level in levels
    ]
