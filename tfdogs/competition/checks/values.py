"""The values of the pixels: are they bytes of a picture, or what a wrong conversion left?"""

import numpy as np

from tfdogs.competition.checks.check import Check, is_asked_for
from tfdogs.competition.checks.verdict import Verdict

# Measured: of photographs and of what trained generators draw 0.5 % is 0 or 255, of drawings 7 %; of tanh
# output clipped for want of (x + 1) / 2 38 to 63 % is 0, of photographs scaled twice 40 % is 255.
MAX_CLIPPED = 0.25
# Their 1 % and 99 % quantiles are under 20 and over 230; an x/4 or a missing * 255 stays dark, a second
# (x + 1) / 2 bright.
MAX_LOW, MIN_HIGH = 96, 160
# Neighbours differ so much in 0.01 to 0.1 % of all places, in 2 to 7 % where bytes have wrapped round.
JUMP, MAX_JUMPS = 192, 0.01
_CHANNELS = ("red", "green", "blue")
_MISSING = "were values in -1..1 saved without (x + 1) / 2?"


class Values(Check):
    """The images together use the range of a byte as pictures do, in every channel.

    Args:
        image_size: height and width that was asked for; images of other sizes and colours are left out.
    """

    name = "values"

    def __init__(self, image_size):
        self._size = image_size
        self._histogram = np.zeros([3, 256], np.int64)
        self._jumps = self._neighbours = 0

    def see(self, member, problem, picture):
        """Takes in one member."""
        if not is_asked_for(picture, self._size):
            return
        pixels = picture.pixels
        for channel, counts in enumerate(self._histogram):
            counts += np.bincount(pixels[..., channel].ravel(), minlength=256)
        steps = np.diff(pixels.astype(np.int16), axis=1)
        self._jumps += int(np.count_nonzero(np.abs(steps) >= JUMP))
        self._neighbours += steps.size

    def verdict(self):
        """Returns the `Verdict`."""
        if not self._neighbours:
            return Verdict(self.name, False, "no image could be judged")
        shares = self._histogram / self._histogram.sum(1, keepdims=True)
        levels = np.arange(256)
        means = shares @ levels
        stds = np.sqrt(np.maximum(shares @ levels**2 - means**2, 0.0))
        below = np.cumsum(shares, axis=1)
        low, high = ((below >= share).argmax(1) for share in (0.01, 0.99))
        jumps = self._jumps / self._neighbours
        limits = (
            (high < MIN_HIGH, f"99 % is under {MIN_HIGH}: too dark; was * 255 left out?"),
            (low > MAX_LOW, f"99 % is over {MAX_LOW}: too bright; was (x + 1) / 2 done twice?"),
            (shares[:, 0] > MAX_CLIPPED, f"over {MAX_CLIPPED:.0%} is 0: clipped; {_MISSING}"),
            (shares[:, 255] > MAX_CLIPPED, f"over {MAX_CLIPPED:.0%} is 255: clipped"),
        )
        wrong = [f"{_names(passed)}: {text}" for passed, text in limits if passed.any()]
        if jumps > MAX_JUMPS:
            wrong.append(f"{jumps:.1%} of neighbours are {JUMP} apart: bytes wrapped round; {_MISSING}")
        figure = "; ".join(
            f"{name} {mean:.0f} ± {std:.0f}, 98 % in {a}..{b}"
            for name, mean, std, a, b in zip(_CHANNELS, means, stds, low, high)
        )
        numbers = {
            "mean": means.tolist(),
            "std": stds.tolist(),
            "quantile_1": low.tolist(),
            "quantile_99": high.tolist(),
            "share_0": shares[:, 0].tolist(),
            "share_255": shares[:, 255].tolist(),
            "share_jumps": jumps,
        }
        return Verdict(self.name, not wrong, figure, tuple(wrong), numbers)


def _names(passed):
    return ", ".join(name for name, wrong in zip(_CHANNELS, passed) if wrong)
