"""The number of images."""

from tfdogs.competition.checks.check import Check
from tfdogs.competition.checks.verdict import Verdict


class Count(Check):
    """There are exactly as many PNGs as were asked for.

    Args:
        num_images: how many were asked for.
    """

    name = "count"

    def __init__(self, num_images):
        self._asked, self._found = num_images, 0

    def see(self, member, problem, picture):
        """Takes in one member; it counts where it is a PNG, whatever its size and colours."""
        self._found += picture is not None and not picture.problem

    def verdict(self):
        """Returns the `Verdict`."""
        figure = f"{self._found:,} PNGs"
        passed = self._found == self._asked
        if not passed:
            figure += f", {self._asked:,} are asked for"
        return Verdict(self.name, passed, figure, numbers={"found": self._found, "asked": self._asked})
