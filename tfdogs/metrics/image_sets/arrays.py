"""An array of images, in memory or in a NumPy file."""

import hashlib
import zipfile
import zlib
from pathlib import Path

import numpy as np

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics.image_sets.image_set import ImageSet

_LEGAL = "uint8 [N, H, W, C] with N, H and W over 0 and C 1 or 3"


class Arrays(ImageSet):
    """The images of an array.

    Args:
        images: uint8 [N, H, W, C], C 1 or 3; also one that is memory-mapped.
        name: what it is, for people and errors.

    Raises:
        UsageError: another dtype or shape.
    """

    def __init__(self, images, *, name="array"):
        if not isinstance(images, np.ndarray):
            images = np.asarray(images)
        shape = images.shape
        if images.dtype != np.uint8 or len(shape) != 4 or 0 in shape or shape[3] not in (1, 3):
            raise UsageError(
                f"{name}: images must be {_LEGAL}. Received: {images.dtype} [{', '.join(map(str, shape))}]"
            )
        self.name = name
        self.num_images = len(images)
        self._images = images

    @classmethod
    def load(cls, path):
        """Opens a `.npy` file, which is memory-mapped, or an `.npz` with one array "images" or "arr_0".

        An `.npz` is read into memory. Pickled objects are never loaded.

        Args:
            path: the file; its content says which of the two it is.

        Raises:
            UsageError: it holds something else.
            TfdogsError: it is truncated or corrupt.
        """
        path = Path(path)
        try:
            with path.open("rb") as file:
                if file.read(2) == b"PK":
                    file.seek(0)
                    with np.load(file, allow_pickle=False) as archive:
                        images = _member(archive, path)
                else:
                    images = np.load(path, mmap_mode="r", allow_pickle=False)
        # What NumPy raises on damaged files, and no word of it names the file.
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as e:
            reason = " ".join(str(e).split())
            raise TfdogsError(f"{path} is no NumPy file of images, or a damaged one: {reason}") from e
        return cls(images, name=str(path))

    def content_key(self):
        """Returns a digest of shape and bytes."""
        digest = hashlib.sha256(f"array {self._images.shape}".encode())
        for batch in self.batches(256):
            digest.update(np.ascontiguousarray(batch))
        return digest.hexdigest()

    def batches(self, batch_size=64, *, indices=None):
        """Yields uint8 arrays [n, H, W, C]."""
        for start in range(0, self.num_images if indices is None else len(indices), batch_size):
            rows = slice(start, start + batch_size)
            yield np.array(self._images[rows if indices is None else indices[rows]])


def _member(archive, path):
    name = next((name for name in ("images", "arr_0") if name in archive.files), None)
    if name is None:
        found = ", ".join(sorted(archive.files)) or "nothing"
        raise UsageError(f'{path} must hold an array "images" or "arr_0", {_LEGAL}. Received: {found}')
    return archive[name]
