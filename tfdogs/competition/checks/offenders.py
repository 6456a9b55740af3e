"""What offends in a submission, named for people."""

from tfdogs.data.names import printable

EXAMPLES = 3  # offenders that are named


class Offenders:
    """Counts what offends and keeps the first few for people.

    Attributes:
        count: how many there were.
        examples: tuple of the first `EXAMPLES`, each "NAME (what)".
    """

    def __init__(self):
        self.count, self.examples = 0, ()

    def add(self, name, what):
        """Counts one more, of this name, with what is wrong with it."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples += (f"{printable(name)} ({printable(what)})",)
