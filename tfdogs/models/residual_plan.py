"""How wide the residual networks are at each size, and where they attend."""

from tfdogs.models import convnets

# Under 64 px all maps have 4 x the base channels, as in the papers' networks for CIFAR-10.
_FLAT, _FLAT_LEVELS, _FLAT_BLOCKS = 4, 3, 4
_WIDEST = 16


def attention_size(image_size, at_most):
    """Returns the size of the largest feature map up to `at_most` and half the image; 0 for none."""
    sizes = [convnets.start_size(image_size) * 2**level for level in range(1, convnets.doublings(image_size))]
    return max((size for size in sizes if size <= at_most), default=0)


def generator_widths(image_size, *, last=1):
    """Returns the generator's channels, in units of the base channels: of its first map, and of each block.

    Args:
        image_size: in pixels.
        last: of the last block where sizes double four times; 1 as SNGAN's, or 2 as BigGAN's.
    """
    levels = convnets.doublings(image_size)
    if levels <= _FLAT_LEVELS:
        return _FLAT, (_FLAT,) * levels
    last = last if levels == 4 else 1
    widths = [min(last * 2**level, _WIDEST) for level in reversed(range(levels))]
    return _WIDEST, tuple(widths)


def discriminator_widths(image_size):
    """Returns of each of the discriminator's blocks: (channels in base channels, whether it halves)."""
    levels = convnets.doublings(image_size)
    if levels <= _FLAT_LEVELS:
        return tuple((_FLAT, block < 2) for block in range(_FLAT_BLOCKS))
    return tuple((min(2**block, _WIDEST), block < levels) for block in range(levels + 1))
