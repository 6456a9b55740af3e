"""Images that come twice."""

from tfdogs.competition.checks.check import Check
from tfdogs.competition.checks.offenders import Offenders
from tfdogs.competition.checks.verdict import Verdict
from tfdogs.data.names import printable


class Duplicates(Check):
    """No two images have the same pixels, however they are packed. Some 150 bytes an image are kept."""

    name = "duplicates"

    def __init__(self):
        self._first, self._offenders = {}, Offenders()

    def see(self, member, problem, picture):
        """Takes in one member."""
        if picture is None or not picture.digest:
            return
        if picture.digest in self._first:
            self._offenders.add(member.name, f"as {printable(self._first[picture.digest])}")
        else:
            self._first[picture.digest] = member.name

    def verdict(self):
        """Returns the `Verdict`."""
        again, different = self._offenders.count, len(self._first)
        figure = f"{different:,} different images"
        if again:
            figure += f", and {again:,} with the same pixels as an earlier one"
        numbers = {"different": different, "repeated": again}
        return Verdict(self.name, not again, figure, self._offenders.examples, numbers)
