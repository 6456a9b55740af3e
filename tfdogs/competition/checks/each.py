"""What must be true of each file by itself."""

from tfdogs.competition.checks.check import Check, Offenders, Verdict
from tfdogs.competition.picture import RGB
from tfdogs.data.sources.tree import is_litter


class EachFile(Check):
    """Base of the checks that judge file by file.

    Args:
        image_size: height and width that was asked for, in pixels.
    """

    offence = ""  # what "3 of 10,000" are or do
    well = ""  # what all of them are or do

    def __init__(self, image_size):
        self._size, self._seen, self._offenders = image_size, 0, Offenders()

    def complaint(self, member, problem, picture):
        """Returns what is wrong with a member, "" where it is well, None where it is not for this check."""
        raise NotImplementedError

    def see(self, member, problem, picture):
        """Takes in one member."""
        what = self.complaint(member, problem, picture)
        if what is not None:
            self._seen += 1
        if what:
            self._offenders.add(member.name, what)

    def verdict(self):
        """Returns the `Verdict`."""
        bad, seen = self._offenders.count, self._seen
        figure = f"{bad:,} of {seen:,} {self.offence}" if bad else f"all {seen:,} {self.well}"
        figure = figure.format(size=self._size)
        numbers = {"files": seen, "offenders": bad}
        return Verdict(self.name, not bad, figure, self._offenders.examples, numbers)


class Safety(EachFile):
    """Paths stay inside, nothing is encrypted, a link, a bomb, or packed in a way that few can read."""

    name = "safety"
    offence, well = "are not safe to unpack", "are safe to unpack"

    def complaint(self, member, problem, picture):
        """Returns the archive's complaint."""
        return member.problem


class Unpacks(EachFile):
    """Every file that is safe to unpack has the size and the checksum that the directory says."""

    name = "archive"
    offence, well = "cannot be unpacked", "unpack, with the right size and checksum"

    def complaint(self, member, problem, picture):
        """Returns why a member's bytes could not be had."""
        return None if member.folder or member.problem else problem


class Contents(EachFile):
    """Nothing but files whose names end in .png, in no folder."""

    name = "contents"
    offence, well = "do not belong in it: legal are .png files, in no folder", "are .png files, in no folder"

    def complaint(self, member, problem, picture):
        """Returns what a member is that should not be there."""
        if is_litter(member.name):
            return "litter of macOS"
        if member.folder:
            return "a folder"
        if not member.name.lower().endswith(".png"):
            return "no .png"
        return "in a folder" if "/" in member.name else ""


class Format(EachFile):
    """Every file is a PNG that can be read, by its content."""

    name = "format"
    offence, well = "are no PNG that can be read", "are PNGs by their content"

    def complaint(self, member, problem, picture):
        """Returns what a file is instead of a PNG."""
        return None if picture is None else picture.problem


class Size(EachFile):
    """Every PNG has the size that was asked for."""

    name = "size"
    offence, well = "PNGs are not {size}x{size}", "PNGs are {size}x{size}"

    def complaint(self, member, problem, picture):
        """Returns the size of a PNG that has another."""
        if picture is None or picture.size is None:
            return None
        return "" if picture.size == (self._size, self._size) else "{}x{}".format(*picture.size)


class Colour(EachFile):
    """Every PNG has three channels of 8 bits."""

    name = "colour"
    offence, well = f"PNGs are not {RGB}", f"PNGs are {RGB}"

    def complaint(self, member, problem, picture):
        """Returns the kind of pixels of a PNG that has others."""
        if picture is None or picture.size is None:
            return None
        return "" if picture.colour == RGB else picture.colour


EACH = (Unpacks, Safety, Contents, Format, Size, Colour)
