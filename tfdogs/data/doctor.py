"""The dataset doctor: looks at every crop and says why it should not be trained on."""

import functools
from typing import NamedTuple, Optional

import numpy as np
from PIL import Image

from tfdogs.data import crops
from tfdogs.data.pictures import turned
from tfdogs.data.sources.base import Box

PROBE_SIZE = 64  # pixels are judged at this size, so that verdicts do not depend on the image_size
CHECKS = {}


class Finding(NamedTuple):
    """Why something was rejected.

    Attributes:
        reason: one word.
        measure: the number that it was judged by, or None.
        crop: the rejected rectangle in pixels of its picture, or None where the whole picture is rejected.
        detail: more for people, one line.
    """

    reason: str
    measure: Optional[float] = None
    crop: Optional[Box] = None
    detail: str = ""


class Candidate:
    """One crop that is to be judged; its pixels are computed when they are first asked for.

    Args:
        picture: PIL.Image, mode L or RGB.
        box: the `Box` that the crop was made for, clamped to the picture.
        others: the picture's other boxes, clamped.
        rectangle: the crop, in pixels of the picture.
        size: height and width of the training image.
        turn: how what is cut is turned upright, see `tfdogs.data.pictures.Picture`.
    """

    def __init__(self, picture, box, others, rectangle, size, turn=None):
        self.picture, self.box, self.others, self.rectangle, self.size = picture, box, others, rectangle, size
        self._turn = turn

    @functools.cached_property
    def image(self):
        """The training image, a PIL.Image."""
        return turned(crops.cut(self.picture, self.rectangle, self.size), self._turn)

    @functools.cached_property
    def luma(self):
        """The crop in grey, float32 [64, 64] in 0 to 255."""
        if self.size == PROBE_SIZE:
            return grey(self.image)
        return grey(turned(crops.cut(self.picture, self.rectangle, PROBE_SIZE), self._turn))


def grey(image):
    """Returns an image in grey as float32 [64, 64], in 0 to 255; other sizes are squeezed."""
    image = image.convert("L")
    if image.size != (PROBE_SIZE, PROBE_SIZE):
        image = image.resize((PROBE_SIZE, PROBE_SIZE), Image.Resampling.BOX)
    return np.asarray(image, np.float32)


def check(*levels):
    """Registers a check for these levels of `--checks` under its function's name, the reason for rejecting.

    A check maps (candidate, config) to (measure, whether that is too bad). Cheap checks are registered first.
    """

    def register(function):
        CHECKS[function.__name__] = function, levels
        return function

    return register


def examine(candidate, config):
    """Runs the checks in order.

    Args:
        candidate: `Candidate`.
        config: resolved `tfdogs.data.prepare_config.PrepareConfig`.

    Returns:
        The first `Finding`, or None for a good crop.
    """
    for reason, (function, levels) in CHECKS.items():
        if config.checks in levels:
            measure, bad = function(candidate, config)
            if bad:
                return Finding(reason, float(measure), candidate.rectangle)
    return None


@check("basic", "photos")
def too_small(candidate, config):
    """Shorter side of the crop, in pixels of the real picture."""
    side = min(_sides(candidate.rectangle))
    return side, side < config.min_side


@check("basic", "photos")
def extreme_aspect(candidate, config):
    """Longer side of the box, clamped to the picture, over its shorter side."""
    sides = _sides(candidate.box)
    aspect = max(sides) / min(sides)
    return aspect, aspect > config.max_aspect


@check("basic", "photos")
def other_dog(candidate, config):
    """Greatest share of the crop that one other box covers."""
    rectangle = candidate.rectangle
    covered = max((crops.overlap(rectangle, other) for other in candidate.others), default=0.0)
    share = covered / crops.area(rectangle)
    return share, share > config.max_other


@check("photos")
def uniform(candidate, config):
    """Contrast: mean absolute deviation of the luma from its median, in grey levels.

    Unlike the standard deviation it does not rise much when a placeholder has a line of text on it.
    """
    luma = candidate.luma.ravel()
    median = np.partition(luma, luma.size // 2)[luma.size // 2]
    contrast = np.abs(luma - median).mean()
    return contrast, contrast < config.min_contrast


@check("photos")
def blurred(candidate, config):
    """Sharpness: variance of the Laplacian of the luma at 64 px, in squared grey levels."""
    sharpness = laplacian_variance(candidate.luma)
    return sharpness, sharpness < config.min_sharpness


@check("none", "basic", "photos")
def greyscale(candidate, config):
    """Colour: mean over pixels of the greatest channel less the smallest, in levels; only if asked for."""
    if not config.reject_greyscale:
        return 0.0, False
    pixels = np.asarray(candidate.image, np.float32)
    colour = (pixels.max(2) - pixels.min(2)).mean()
    return colour, colour < 2.0


def laplacian_variance(luma):
    """Returns the variance of the 5-point Laplacian over the inside of `luma`, float [H, W]."""
    inside = luma[1:-1, 1:-1]
    return (luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * inside).var()


def _sides(box):
    return box.right - box.left, box.bottom - box.top
