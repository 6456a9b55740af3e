"""The contract between a source of pictures and their preparation."""

import abc
import dataclasses
from typing import Any, NamedTuple, Optional

from tfdogs.data.names import printable


class Box(NamedTuple):
    """A bounding box in pixels; right and bottom are exclusive. It may reach outside its picture."""

    left: float
    top: float
    right: float
    bottom: float


class LeftOut(NamedTuple):
    """What a source holds that is no item of it.

    Attributes:
        suffixes: numbers of files that are no pictures by their names, by suffix.
        litter: number of files that macOS leaves behind.
        empty: paths of the topmost folders without a picture.
        annotations: numbers of files beside the annotations that are none by their names, by suffix.
        programs: numbers of files in folders that programs keep for themselves, by the folder's name.
        guessed: names of folders, or of files without one, whose encoding is not certain; they are used.
    """

    suffixes: dict
    litter: int = 0
    empty: tuple = ()
    annotations: Optional[dict] = None
    programs: Optional[dict] = None
    guessed: tuple = ()

    def lines(self):
        """Yields a line for each kind that there is."""
        if self.suffixes:
            yield f"left out, no pictures by their names: {counted(self.suffixes)}"
        if self.annotations:
            yield f"left out, no annotations by their names: {counted(self.annotations)}"
        if self.litter:
            yield f"left out, made by macOS beside the pictures: {self.litter:,} files"
        if self.programs:
            yield f"left out, in hidden folders or in those of a computer: {counted(self.programs)}"
        if self.empty:
            yield f"folders without pictures: {some(self.empty)}"
        if self.guessed:
            names = f"names that are not UTF-8, read in code page 437: {some(self.guessed)}"
            yield f"{names}; where they are wrong, unpack the archive and give the folder"


def some(names):
    """Returns how many names there are, and up to five of them, for people."""
    named = [printable(name) for name in names[:5]] + ["..."] * (len(names) > 5)
    return f"{len(names):,} ({', '.join(named)})"


def counted(counts):
    """Returns how many files there are in all and of the five most frequent kinds, for people."""
    kinds = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [f"{printable(kind)} {count:,}" for kind, count in kinds[:5]] + ["..."] * (len(kinds) > 5)
    return f"{sum(counts.values()):,} files ({', '.join(named)})"


@dataclasses.dataclass(frozen=True)
class Item:
    """One picture of a source, not yet read. Small and picklable: it travels to a worker process.

    Attributes:
        name: unique within the source; what `rejects.csv` and a record's `image/source` say.
        class_name: its class, or None where the source has none.
        ref: what the source's `load` needs to read it: a path, an offset, an index, or the bytes.
        boxes: boxes round its dogs, or None where the source has no boxes: the whole picture counts as one.
            One that is none (swapped corners, NaN) is rejected, the others are not.
        frame: (width, height) that the boxes were measured in, or None where it is the picture's own;
            (1, 1) where they are fractions of the picture.
        problem: reason for which it must be rejected unread (an unsafe member name, say), or None.
        detail: more about the problem, for people: what it is and what to do.
    """

    name: str
    class_name: Optional[str]
    ref: Any
    boxes: Optional[tuple] = None
    frame: Optional[tuple] = None
    problem: Optional[str] = None
    detail: str = ""


class Source(abc.ABC):
    """A source of pictures. Picklable; `items` runs in the parent process, the rest of a picture in workers.

    Attributes:
        photographs: False for digits and drawings, to which the checks for photographs do not apply.
        channels: natural number of channels, 1 or 3.
    """

    photographs = True
    channels = 3

    @abc.abstractmethod
    def items(self):
        """Yields every picture as an `Item`, always in the same order, reading as little as possible."""

    def complete(self, item):
        """Returns an item with all that `items` left out because it has to be read: boxes, frame, problem."""
        return item

    @abc.abstractmethod
    def load(self, item):
        """Returns a complete item's encoded bytes, or a PIL.Image where the source has no encoded form."""

    def orphans(self):
        """Yields the names of annotations that belong to no picture, always in the same order."""
        return iter(())

    def left_out(self):
        """Returns what the source holds that is neither an item nor an orphan, a `LeftOut`."""
        return LeftOut({})

    def __len__(self):
        """Returns the number of items, for the progress bar; 0 where only reading would tell."""
        return 0
