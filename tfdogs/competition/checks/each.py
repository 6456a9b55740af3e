"""What must be true of each file by itself."""

import functools

from tfdogs.competition.checks.check import Check
from tfdogs.competition.checks.offenders import Offenders
from tfdogs.competition.checks.verdict import Verdict
from tfdogs.competition.picture import RGB
from tfdogs.data.sources.tree import is_litter


class EachFile(Check):
    """Judges file by file.

    Args:
        name: of the check, one word.
        complaint: function of (member, problem, picture), see `Check.see`, that returns what is wrong with
            a member, "" where it is well, None where it is not for this check.
        offence: what "3 of 10,000" are or do.
        well: what all of them are or do.
    """

    def __init__(self, name, complaint, *, offence, well):
        self.name = name
        self._complaint, self._offence, self._well = complaint, offence, well
        self._seen, self._offenders = 0, Offenders()

    def see(self, member, problem, picture):
        """Takes in one member."""
        what = self._complaint(member, problem, picture)
        if what is not None:
            self._seen += 1
        if what:
            self._offenders.add(member.name, what)

    def verdict(self):
        """Returns the `Verdict`."""
        bad, seen = self._offenders.count, self._seen
        figure = f"{bad:,} of {seen:,} {self._offence}" if bad else f"all {seen:,} {self._well}"
        numbers = {"files": seen, "offenders": bad}
        return Verdict(self.name, not bad, figure, self._offenders.examples, numbers)


def each_file(image_size):
    """Returns new checks that judge file by file.

    Args:
        image_size: height and width that was asked for, in pixels.
    """
    own, size = ".png files, in no folder", f"{image_size}x{image_size}"
    unpack = "unpack, with the right size and checksum"
    return [
        EachFile("archive", _archive, offence="cannot be unpacked", well=unpack),
        EachFile("safety", _safety, offence="are not safe to unpack", well="are safe to unpack"),
        EachFile("contents", _contents, offence=f"do not belong in it: legal are {own}", well=f"are {own}"),
        EachFile("format", _format, offence="are no PNG that can be read", well="are PNGs by their content"),
        EachFile(
            "size",
            functools.partial(_size, image_size),
            offence=f"PNGs are not {size}",
            well=f"PNGs are {size}",
        ),
        EachFile("colour", _colour, offence=f"PNGs are not {RGB}", well=f"PNGs are {RGB}"),
    ]


def _archive(member, problem, picture):
    """Every file that is safe to unpack has the size and the checksum that the directory says."""
    return None if member.folder or member.problem else problem


def _safety(member, problem, picture):
    """Paths stay inside, nothing is encrypted, a link, a bomb, or packed in a way that few can read."""
    return member.problem


def _contents(member, problem, picture):
    """Nothing is there but files whose names end in .png, in no folder."""
    if is_litter(member.name):
        return "litter of macOS"
    if member.folder:
        return "a folder"
    if not member.name.lower().endswith(".png"):
        return "no .png"
    return "in a folder" if "/" in member.name else ""


def _format(member, problem, picture):
    """Every file is a PNG that can be read, by its content."""
    return None if picture is None else picture.problem


def _size(image_size, member, problem, picture):
    """Every PNG has the size that was asked for."""
    if picture is None or picture.size is None:
        return None
    return "" if picture.size == (image_size, image_size) else "{}x{}".format(*picture.size)


def _colour(member, problem, picture):
    """Every PNG has three channels of 8 bits."""
    if picture is None or picture.size is None:
        return None
    return "" if picture.colour == RGB else picture.colour
