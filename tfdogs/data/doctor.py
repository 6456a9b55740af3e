"""The dataset doctor: looks at every crop and says why it should not be trained on."""

import functools
from typing import NamedTuple, Optional

import numpy as np
from PIL import Image

from tfdogs.data import crops
from tfdogs.data.pictures import turned
from tfdogs.data.sources.base import Box

PROBE_SIZE = 64  # pixels are judged at this size, so that verdicts do not depend on the image_size
SOFT = 0.85  # sigma, in pixels of the training image, of a blur that is seen at a glance
_LEAST_BLUR_SIDE, _MOST_BLUR_SIDE, _REACH = 32, 512, 3  # pixels
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

    def cut(self, rectangle):
        """Returns a candidate for the same box with another crop."""
        return Candidate(self.picture, self.box, self.others, rectangle, self.size, self._turn)

    @functools.cached_property
    def image(self):
        """The training image, a PIL.Image."""
        return turned(crops.cut(self.picture, self.rectangle, self.size), self._turn)

    @property
    def blur(self):
        """How soft the training image is: see `blur_width`."""
        return blur_width(np.asarray(self.image.convert("L"), np.float32))

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


def check(*levels, flag):
    """Registers a check for these levels of `--checks` under its function's name, the reason for rejecting.

    A check maps (candidate, config) to (measure, whether that is too bad); its bound is the value of `flag`.
    Cheap checks are registered first.
    """

    def register(function):
        CHECKS[function.__name__] = function, levels, flag
        return function

    return register


def examine(candidate, config, *, skip=()):
    """Runs the checks in order.

    Args:
        candidate: `Candidate`.
        config: resolved `tfdogs.data.prepare_config.PrepareConfig`.
        skip: names of checks that are left out.

    Returns:
        The first `Finding`, or None for a good crop.
    """
    for reason, (function, levels, flag) in CHECKS.items():
        if config.checks in levels and reason not in skip:
            measure, bad = function(candidate, config)
            if bad:
                return Finding(
                    reason, float(measure), candidate.rectangle, _bound(flag, getattr(config, flag))
                )
    return None


def _bound(flag, value):
    """Returns which flag's bound a crop is beyond, for people."""
    if value is True:
        return f"--{flag}"
    return f"{'over' if flag.startswith('max') else 'under'} --{flag}={value:g}"


@check("basic", "photos", flag="min_side")
def too_small(candidate, config):
    """Shorter side of the crop, in pixels of the real picture."""
    side = min(_sides(candidate.rectangle))
    return side, side < config.min_side


@check("basic", "photos", flag="max_aspect")
def extreme_aspect(candidate, config):
    """Longer side of the box, clamped to the picture, over its shorter side."""
    sides = _sides(candidate.box)
    aspect = max(sides) / min(sides)
    return aspect, aspect > config.max_aspect


@check("basic", "photos", flag="max_other")
def other_dog(candidate, config):
    """Greatest share of the crop that one other box covers, without those that hold the whole box.

    Boxes are drawn round what is visible: a dog whose box lies in another's stands before it.
    """
    share, _ = crops.covered(candidate.rectangle, crops.beside(candidate.box, candidate.others))
    return share, share > config.max_other


@check("photos", flag="min_contrast")
def uniform(candidate, config):
    """Contrast: mean absolute deviation of the luma from its median, in grey levels.

    Unlike the standard deviation it does not rise much when a placeholder has a line of text on it.
    """
    luma = candidate.luma.ravel()
    median = np.partition(luma, luma.size // 2)[luma.size // 2]
    contrast = np.abs(luma - median).mean()
    return contrast, contrast < config.min_contrast


@check("photos", flag="min_sharpness")
def blurred(candidate, config):
    """Sharpness: variance of the Laplacian of the luma at 64 px, in squared grey levels."""
    sharpness = laplacian_variance(candidate.luma)
    return sharpness, sharpness < config.min_sharpness


@check("none", "basic", "photos", flag="reject_greyscale")
def greyscale(candidate, config):
    """Colour: mean over pixels of the greatest channel less the smallest, in levels; only if asked for."""
    if not config.reject_greyscale:
        return 0.0, False
    pixels = np.asarray(candidate.image, np.float32)
    colour = (pixels.max(2) - pixels.min(2)).mean()
    return colour, colour < 2.0


def blur_width(luma):
    """Estimates how soft a picture is, whatever its contrast.

    Photographs have a power spectrum near 1 / f^2 (Field, JOSA A 1987). A Gaussian blur of sigma leaves of
    their gradients' energy a share that is proportional to 1 / sigma^2; one more of 1 px, done here, leaves
    1 / (sigma^2 + 1). From the ratio of both follows sigma.

    Args:
        luma: float array [H, W]; of a large one the middle 512 x 512 pixels count.

    Returns:
        The sigma in pixels; a sharp photograph has 0.3 to 0.8, what has no gradients 0, and so has what is
        under 32 pixels wide or high, too small to tell.
    """
    if min(luma.shape) < _LEAST_BLUR_SIDE:
        return 0.0
    top, left = (max(side - _MOST_BLUR_SIDE, 0) // 2 for side in luma.shape)
    luma = luma[top : top + _MOST_BLUR_SIDE, left : left + _MOST_BLUR_SIDE]
    taps = np.exp(-(np.arange(-_REACH, _REACH + 1, dtype=np.float32) ** 2) / 2)
    blurred = luma
    for axis in (0, 1):
        size = blurred.shape[axis] - 2 * _REACH
        blurred = sum(
            tap * np.take(blurred, range(place, place + size), axis)
            for place, tap in enumerate(taps / taps.sum())
        )
    before, after = _gradient_energy(luma[_REACH:-_REACH, _REACH:-_REACH]), _gradient_energy(blurred)
    if after <= 0 or after >= before:
        return 0.0 if after <= 0 else np.inf
    return float(np.sqrt(after / (before - after)))


def blur_limit(widths):
    """Returns the `blur_width` above which crops are soft beside the others of their data.

    It is what a Gaussian of 0.85 px makes of a crop that is sharper than three quarters of them: enlarged or
    small pictures, which are all softer, have a limit of their own.

    Args:
        widths: float array [N], N at least 1.
    """
    return float(np.hypot(np.quantile(np.asarray(widths, np.float64), 0.25), SOFT))


def _gradient_energy(luma):
    return float(np.square(np.diff(luma, axis=0)).sum() + np.square(np.diff(luma, axis=1)).sum())


def laplacian_variance(luma):
    """Returns the variance of the 5-point Laplacian over the inside of `luma`, float [H, W]."""
    inside = luma[1:-1, 1:-1]
    return (luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * inside).var()


def _sides(box):
    return box.right - box.left, box.bottom - box.top
