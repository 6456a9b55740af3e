"""The names of the files."""

from tfdogs.competition.checks.check import Check, Offenders, Verdict
from tfdogs.data.sources.tree import clean_path


class Names(Check):
    """No two files have the same name, or would be one file when they are unpacked."""

    name = "names"

    def __init__(self):
        self._names, self._offenders = set(), Offenders()

    def see(self, member, problem, picture):
        """Takes in one member; folders may be named again."""
        if member.folder:
            return
        path, _ = clean_path(member.name)
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
