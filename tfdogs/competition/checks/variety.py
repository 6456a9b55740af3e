"""How much the images differ."""

import numpy as np

from tfdogs.competition.checks.check import Check, is_asked_for
from tfdogs.competition.checks.verdict import Verdict
from tfdogs.data.near_duplicates import keep_first

# Measured at 64 px: photographs 64 levels, trained generators and drawings 60; a quarter of that is collapse.
MIN_SPREAD = 16.0
# As `--min_contrast` of tfdogs.prepare, which rejects such crops; of photographs' crops none is.
UNIFORM, MAX_UNIFORM = 6.0, 0.05
# Of 10,000 photographs none is within 2 of 63 bits of another, of noisy copies of one all are.
NEAR_BITS, MAX_NEAR = 2, 0.2
MAX_COMPARED = 20_000  # images whose hashes are compared, since that may take their number squared


class Variety(Check):
    """The images are not all alike, and not mostly without anything in them.

    Args:
        image_size: height and width that was asked for; images of other sizes and colours are left out.
    """

    name = "variety"

    def __init__(self, image_size):
        self._size, self._count, self._uniform, self._hashes = image_size, 0, 0, []
        self._sum = np.zeros([image_size, image_size, 3])
        self._squares = np.zeros_like(self._sum)

    def see(self, member, problem, picture):
        """Takes in one member."""
        if not is_asked_for(picture, self._size):
            return
        pixels = picture.pixels.astype(np.float64)
        self._sum += pixels
        self._squares += pixels**2
        self._count += 1
        self._uniform += picture.contrast < UNIFORM
        if len(self._hashes) < MAX_COMPARED:
            self._hashes.append(picture.hash)

    def verdict(self):
        """Returns the `Verdict`."""
        if not self._count:
            return Verdict(self.name, False, "no image could be judged")
        variance = self._squares / self._count - (self._sum / self._count) ** 2
        spread = float(np.sqrt(max(variance.mean(), 0.0)))
        uniform = self._uniform / self._count
        twins, _ = keep_first(np.array(self._hashes, np.uint64), NEAR_BITS)
        near = float((twins >= 0).mean())
        wrong = []
        if spread < MIN_SPREAD:
            wrong.append(f"a pixel differs by {spread:.1f} levels between images, sane is {MIN_SPREAD:g}")
        if uniform > MAX_UNIFORM:
            wrong.append(f"{uniform:.1%} of the images are nearly uniform, sane is {MAX_UNIFORM:.0%}")
        if near > MAX_NEAR:
            wrong.append(f"{near:.1%} of the images nearly repeat another, sane is {MAX_NEAR:.0%}")
        figure = (
            f"± {spread:.0f} levels between images, {uniform:.2%} nearly uniform, {near:.2%} near repeats"
        )
        numbers = {"spread": spread, "share_uniform": uniform, "share_near_duplicates": near}
        return Verdict(self.name, not wrong, figure, tuple(wrong), numbers)
