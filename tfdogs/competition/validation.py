"""A submission gone through once, file by file, and every check's verdict."""

import dataclasses
import os

from tfdogs.competition.archive import Archive
from tfdogs.competition.checks import all_checks
from tfdogs.competition.checks.verdict import Verdict
from tfdogs.competition.picture import read
from tfdogs.data.names import printable
from tfdogs.errors import TfdogsError
from tfdogs.overlap import overlap
from tfdogs.progress import Progress

_THREADS = os.cpu_count() or 1  # zlib, Pillow and hashlib release the interpreter's lock
_BATCH = 64  # members between two steps of the progress bar


@dataclasses.dataclass(frozen=True)
class Validation:
    """The verdicts on one submission.

    Attributes:
        path: of the zip, as given.
        num_images: number of images that was asked for.
        image_size: their height and width that was asked for, in pixels.
        verdicts: `Verdict`s; the archive's alone where it could not be opened.
    """

    path: str
    num_images: int
    image_size: int
    verdicts: tuple

    @property
    def failed(self):
        """Names of the checks that failed, a tuple; empty for a valid submission."""
        return tuple(verdict.name for verdict in self.verdicts if not verdict.passed)

    def table(self):
        """Returns the verdicts as lines; a failed one is followed by what is wrong."""
        asked_for = f"{self.num_images:,} PNGs of {self.image_size}x{self.image_size} are asked for"
        lines = [f"{printable(self.path, 200)}: {asked_for}"]
        for verdict in self.verdicts:
            lines.append(f"{'ok' if verdict.passed else 'FAIL':5} {verdict.name:11} {verdict.figure}")
            lines += [f"{'':17} {detail}" for detail in verdict.details]
        return "\n".join(lines)

    def to_dict(self):
        """Returns what JSON can hold."""
        return {
            "zip": str(self.path),
            "num_images": self.num_images,
            "image_size": self.image_size,
            "valid": not self.failed,
            "checks": [dataclasses.asdict(verdict) for verdict in self.verdicts],
        }


def validate(path, *, num_images=10_000, image_size=64):
    """Checks a zip against what was asked for: it is read once, in threads, and nothing is unpacked to disk.

    Memory holds a few pictures at a time, whatever their number, and under 1 KiB of names and digests each.

    Args:
        path: the zip; nothing about it is trusted.
        num_images: number of images that was asked for; default the competition's 10,000.
        image_size: their height and width in pixels; default the competition's 64.

    Returns:
        A `Validation`.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        archive = Archive(path, expected=num_images)
    except TfdogsError as e:
        return Validation(str(path), num_images, image_size, (Verdict("archive", False, str(e)),))

    def examine(member):
        if member.folder or member.problem:
            return member, "", None
        try:
            return member, "", read(archive.load(member))
        except ValueError as e:
            return member, str(e), None

    checks = all_checks(num_images, image_size)
    with Progress("check", len(archive.members)) as progress:
        examined = overlap(examine, archive.members, threads=_THREADS, ahead=4 * _THREADS)
        for number, found in enumerate(examined, 1):
            for check in checks:
                check.see(*found)
            if number % _BATCH == 0:
                progress(_BATCH)
    verdicts = tuple(check.verdict() for check in checks)
    return Validation(str(path), num_images, image_size, verdicts)
