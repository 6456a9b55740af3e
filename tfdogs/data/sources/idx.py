"""Pictures in MNIST's IDX format."""

import gzip
import struct
import zlib
from pathlib import Path

from PIL import Image

from tfdogs.data.sources.base import Item, Source
from tfdogs.errors import TfdogsError, UsageError

_IMAGES, _LABELS = 0x803, 0x801  # unsigned bytes in three dimensions and in one
_MAX_SIDE = 4096


class IdxSource(Source):
    """Greyscale pictures in an IDX file, plain or gzipped: MNIST and its kin.

    The labels come from the file beside it whose name has `labels` for `images` and `idx1` for `idx3`,
    also with or without `.gz`; without such a file there are no classes. Both files are streamed in the
    parent process; a picture's pixels travel to the workers within its item.

    Args:
        path: the images' file.

    Raises:
        UsageError: there is no such file, or it or its labels' file is no IDX file of that kind.
    """

    photographs = False
    channels = 1

    def __init__(self, path):
        self.path = Path(path)
        given = f"Received: --images=idx:{path}"
        try:
            (self._count, self._height, self._width), _ = _header(self.path, _IMAGES, 3)
            self._labels = labels_of(self.path)
            if self._labels is not None:
                (labels,), _ = _header(self._labels, _LABELS, 1)
                if labels != self._count:
                    raise ValueError(f"{self._labels} has {labels} labels for {self._count} pictures")
            if not self._count or not (0 < self._height <= _MAX_SIDE and 0 < self._width <= _MAX_SIDE):
                shape = f"{self._count} pictures of {self._width} x {self._height}"
                raise ValueError(f"holds no pictures of 1 to {_MAX_SIDE} pixels a side ({shape})")
        except OSError as e:
            raise UsageError(f"--images: cannot read {e.filename or path}: {e.strerror or e}. {given}") from e
        except (ValueError, EOFError, zlib.error) as e:
            raise UsageError(f"--images: {e}. {given}") from e

    def items(self):
        """Yields every picture, named by the file and its number from 0.

        Raises:
            TfdogsError: a file is truncated or corrupt; the pictures before the damage were yielded.
        """
        pixels = _blocks(self.path, _IMAGES, 3, self._width * self._height)
        labels = _blocks(self._labels, _LABELS, 1, 1) if self._labels else None
        for index, picture in enumerate(pixels):
            class_name = str(next(labels)[0]) if labels else None
            yield Item(f"{self.path.name}/{index:06d}", class_name, picture)

    def load(self, item):
        """Returns a picture as a PIL.Image of mode "L"."""
        return Image.frombytes("L", (self._width, self._height), item.ref)

    def __len__(self):
        return self._count


def _open(path):
    with path.open("rb") as f:
        return gzip.open if f.read(2) == b"\x1f\x8b" else open


def _header(path, magic, dimensions):
    """Returns the dimensions in an IDX file's header, and the header's size in bytes."""
    size = 4 + 4 * dimensions
    with _open(path)(path, "rb") as f:
        header = f.read(size)
    found = int.from_bytes(header[:4], "big")
    if len(header) < 4 or found != magic:
        raise ValueError(f"{path} must begin with the IDX magic {magic:#010x}, found {found:#010x}")
    if len(header) < size:
        raise ValueError(f"{path} ends within its header")
    return struct.unpack(f">{dimensions}I", header[4:]), size


def _blocks(path, magic, dimensions, size):
    """Yields the file's bytes behind its header, `size` at a time."""
    (count, *_), start = _header(path, magic, dimensions)
    with _open(path)(path, "rb") as f:
        f.read(start)
        for index in range(count):
            try:
                block = f.read(size)
                if len(block) != size:
                    raise EOFError("the file ends too early")
            except (OSError, EOFError, zlib.error) as e:
                raise TfdogsError(f"{path} is truncated or corrupt at picture {index} of {count}: {e}") from e
            yield block


def labels_of(path):
    """Returns the file with the labels of a file of images, None where there is none beside it."""
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    if name == path.name:
        return None
    plain = name[:-3] if name.endswith(".gz") else name
    beside = (path.with_name(candidate) for candidate in (name, plain, f"{plain}.gz"))
    return next((candidate for candidate in beside if candidate.is_file()), None)
