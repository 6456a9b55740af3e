"""The contract between a submission and what checks it."""

import abc
import dataclasses

from tfdogs.competition.picture import RGB

EXAMPLES = 3  # offenders that are named


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        name: of the check, one word.
        passed: whether all is well.
        figure: what was measured, one line, with the limit where it failed.
        details: what is wrong, a few lines: the first offenders, each "NAME (what)", or limits passed.
        numbers: the figures as numbers, for JSON.
    """

    name: str
    passed: bool
    figure: str
    details: tuple = ()
    numbers: dict = dataclasses.field(default_factory=dict)


class Check(abc.ABC):
    """Looks at the members of a zip, one after the other, in memory that does not grow with their pixels.

    Attributes:
        name: one word.
    """

    name = ""

    @abc.abstractmethod
    def see(self, member, problem, picture):
        """Takes in one member.

        Args:
            member: `tfdogs.competition.archive.Member`.
            problem: why its bytes could not be had, or "".
            picture: `tfdogs.competition.picture.Picture`, or None for a folder and for a file that was not
                read or could not be.
        """

    @abc.abstractmethod
    def verdict(self):
        """Returns the `Verdict` over all members seen."""


class Offenders:
    """Counts what offends and keeps the first few for people."""

    def __init__(self):
        self.count, self.examples = 0, ()

    def add(self, name, what):
        """Counts one more, of this name, with what is wrong with it."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples += (f"{printable(name)} ({printable(what)})",)


def printable(text, most=80):
    """Returns text without control characters and surrogates, its middle left out where it is long."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return text if len(text) <= most else f"{text[: most // 2]}...{text[-most // 2 + 3 :]}"


def is_asked_for(picture, image_size):
    """Says whether a picture has the pixels that were asked for, uint8 [image_size, image_size, 3]."""
    has = picture is not None and picture.pixels is not None
    return has and picture.size == (image_size, image_size) and picture.colour == RGB
