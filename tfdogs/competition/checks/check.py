"""The contract between a submission and what checks it."""

import abc

from tfdogs.competition.picture import RGB


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
        """Returns the `tfdogs.competition.checks.verdict.Verdict` over all members seen."""


def is_asked_for(picture, image_size):
    """Says whether a picture has the pixels that were asked for, uint8 [image_size, image_size, 3]."""
    has = picture is not None and picture.pixels is not None
    return has and picture.size == (image_size, image_size) and picture.colour == RGB
