"""Images that somebody made: a folder or a zip, with numbers, some of them missing."""

import csv
import io
import re

import numpy as np

from tfdogs.data.pictures import BadPicture, decode
from tfdogs.data.sources.detect import open_tree
from tfdogs.data.sources.folder import FolderSource
from tfdogs.data.sources.tree import split_name
from tfdogs.data.sources.zip import ZipSource
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.exhibition.exhibits import Exhibit
from tfdogs.sampling.grid import encode_png
from tfdogs.sampling.output import SEEDS_FILE

_LEGAL = "a folder or a .zip of pictures"


class Collection:
    """The pictures of a folder or zip, each with a number of its own.

    A picture's number is the one that its name ends in, such as 12 of "image_00012.png"; numbers may be
    missing. One without a number, or with one that a picture before it has, gets the next number after the
    largest.

    Args:
        path: the folder or zip; `seeds.csv` of `tfdogs.generate` in it tells seeds and labels.

    Attributes:
        name: path, for people.
        source: the `tfdogs.data.sources.tree.TreeSource`.
        items: dict from number to `tfdogs.data.sources.base.Item`, in the order of the source.

    Raises:
        UsageError: there is no such path, it is something else, or holds no pictures.
        TfdogsError: an archive is corrupt, or `seeds.csv` is not as `tfdogs.generate` writes it.
    """

    def __init__(self, path):
        self.name = str(path)
        self.source = open_tree(path, flag="images", legal=_LEGAL)
        if not isinstance(self.source, (FolderSource, ZipSource)):
            raise UsageError(f"--images must be {_LEGAL}. Received: --images={path}")
        self.items = _numbered(self.source.items())
        if not self.items:
            raise UsageError(
                "--images holds no pictures (jpg, png, bmp, gif, webp, avif, tiff, ppm, pgm). "
                f"Received: --images={path}"
            )
        self._seeds = self._read_seeds()

    @property
    def numbers(self):
        """All numbers, ascending."""
        return sorted(self.items)

    def hang(self, numbers, folder, *, progress=lambda count: None):
        """Writes some of the pictures as PNG files, encoded anew: what else their files tell, such as where
        a camera stood, is left out.

        Args:
            numbers: their numbers, in the order of the wall.
            folder: path of an empty folder.
            progress: called with 1 after each.

        Returns:
            List of `Exhibit`s.

        Raises:
            TfdogsError: one cannot be read; names it.
        """
        exhibits = []
        for number in numbers:
            item = self.items[number]
            image = self._read(item)
            seed, label = self._seeds.get(item.name, (None, item.class_name or ""))
            exhibit = Exhibit(number, seed, label, *image.size)
            (folder / exhibit.name).write_bytes(encode_png(np.asarray(image)))
            exhibits.append(exhibit)
            progress(1)
        return exhibits

    def pixels(self, numbers):
        """Yields some of the pictures one by one, uint8 [1, H, W, 3].

        Raises:
            TfdogsError: one cannot be read; names it.
        """
        for number in numbers:
            yield np.asarray(self._read(self.items[number]))[None]

    def _read(self, item):
        """Returns a picture, an RGB PIL.Image."""
        try:
            if item.problem:
                raise ValueError(f"{item.problem}: {item.detail}" if item.detail else item.problem)
            return decode(self.source.load(item), 3)
        except (OSError, ValueError) as e:
            why = str(e)
        except BadPicture as e:
            why = f"{e.reason}: {e.detail}" if e.detail else e.reason
        raise TfdogsError(f"{self.name}: picture {item.name} cannot be read ({why}); mend or remove it")

    def _read_seeds(self):
        """Returns a dict from a picture's name to its (seed, label)."""
        for entry in self.source.loadable(lambda entry: entry.path == SEEDS_FILE):
            try:
                text = self.source.load(entry).decode("utf-8")
                rows = csv.DictReader(io.StringIO(text, newline=""))
                return {row["name"]: (int(row["seed"]), row["label"] or "") for row in rows}
            except (OSError, ValueError, KeyError, TypeError, csv.Error) as e:
                reason = f"{self.name}: {SEEDS_FILE} is not as tfdogs.generate writes it ({e!r})"
                raise TfdogsError(reason) from e
        return {}


def _numbered(items):
    """Returns a dict from number to item."""
    found, rest = {}, []
    for item in items:
        match = re.search(r"\d+$", split_name(item.name)[1], re.ASCII)
        number = int(match[0]) if match else None
        if number is None or number in found:
            rest.append(item)
        else:
            found[number] = item
    after = max(found, default=-1) + 1
    found.update(enumerate(rest, after))
    return found
