"""The photographs to look for, cut as `python -m tfdogs.prepare` does."""

from pathlib import Path

import numpy as np

from tfdogs.data import crops
from tfdogs.data.pictures import BadPicture, decode
from tfdogs.data.sources.base import Box
from tfdogs.data.sources.detect import open_tree
from tfdogs.data.sources.tree import MAX_BYTES, is_picture
from tfdogs.errors import TfdogsError, UsageError

MAX_PHOTOGRAPHS = 100  # rows of a sheet that one still looks at, and an hour or more of work
_LEGAL = "a picture, or a folder, .tar, .tar.gz or .zip of pictures"


class Photographs:
    """A picture, or all pictures of a folder or archive.

    Args:
        path: where they lie.

    Raises:
        UsageError: there is nothing there, no picture in it, or more than 100.
        TfdogsError: an archive is truncated or corrupt.
    """

    def __init__(self, path):
        self._path = Path(path)
        self._source = None
        if self._path.is_file() and is_picture(self._path.name):
            return
        self._source = open_tree(path, flag="image", legal=_LEGAL)
        count = len(self._source)
        if not 0 < count <= MAX_PHOTOGRAPHS:
            legal = f"must be a picture, or hold 1 to {MAX_PHOTOGRAPHS} pictures"
            raise UsageError(f"--image {legal}, not {count}. Received: --image={path}")

    def read(self, size, channels):
        """Reads them, each cut to its largest centred square.

        Args:
            size: height and width to reach, in pixels.
            channels: 1 or 3.

        Returns:
            (names, images): a list of str, and uint8 [N, size, size, channels].

        Raises:
            TfdogsError: a picture cannot be read; names it.
        """
        names, files = zip(*self._files())
        return list(names), np.stack([_cut(*named, size, channels) for named in zip(names, files)])

    def _files(self):
        if self._source is None:
            with self._path.open("rb") as file:
                yield self._path.name, file.read(MAX_BYTES)
            return
        for item in self._source.items():
            if item.problem:
                raise TfdogsError(f"{self._path}: {item.name} cannot be read ({item.problem})")
            try:
                yield item.name, self._source.load(item)
            except (OSError, ValueError) as e:
                raise TfdogsError(f"{self._path}: {item.name} cannot be read ({e})") from e


def _cut(name, data, size, channels):
    try:
        picture = decode(data, channels)
    except BadPicture as e:
        why = f"{e.reason}: {e.detail}" if e.detail else e.reason
        raise TfdogsError(f"{name} cannot be read as a picture ({why})") from e
    whole = Box(0, 0, *picture.size)
    (square,) = crops.center(*picture.size, whole, [whole], 0.0)
    return np.asarray(crops.cut(picture, square, size)).reshape(size, size, channels)
