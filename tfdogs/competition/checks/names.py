"""The names of the files."""

import unicodedata

from tfdogs.competition.checks.check import Check
from tfdogs.competition.checks.offenders import Offenders
from tfdogs.competition.checks.verdict import Verdict
from tfdogs.data.sources.tree import clean_path


class Names(Check):
    """No two files have the same name, or would be one file when they are unpacked.

    The file systems of Windows and macOS take `A.png` for `a.png`, and an accent that is part of its letter
    for one that follows it.
    """

    name = "names"

    def __init__(self):
        self._names, self._offenders = set(), Offenders()

    def see(self, member, problem, picture):
        """Takes in one member; folders may be named again."""
        if member.folder:
            return
        path = _folded(clean_path(member.name)[0])
        if path in self._names:
            self._offenders.add(member.name, "again")
        self._names.add(path)

    def verdict(self):
        """Returns the `Verdict`."""
        again, different = self._offenders.count, len(self._names)
        figure = f"{different:,} different ones"
        if again:
            figure += f", and {again:,} that were there before"
        numbers = {"different": different, "repeated": again}
        return Verdict(self.name, not again, figure, self._offenders.examples, numbers)


def _folded(path):
    """Returns what paths have in common that lead to one file, be it written in large or small letters."""
    # Folding takes composed letters apart ("ǰ"), so that they are composed after it again.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
