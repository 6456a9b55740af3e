"""The pictures of a folder or an archive as images to score."""

import hashlib
import itertools
import os

import numpy as np

from tfdogs.data.pictures import BadPicture, decode
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics.image_sets.image_set import ImageSet
from tfdogs.overlap import overlap

_THREADS = os.cpu_count() or 1  # Pillow and hashlib release the interpreter's lock
_IN_THREADS = {"threads": _THREADS, "ahead": 4 * _THREADS}
_BATCH_BYTES = 64 * 2**20  # of pixels in one batch, whatever batch_size says: pictures may be huge


class Pictures(ImageSet):
    """All pictures of a folder, tar or zip, each as RGB and at its own size.

    Grey pictures get three equal channels, transparency is laid over white, 16-bit samples are scaled to 8,
    CMYK and palettes are converted, a camera's orientation tag is applied: see `tfdogs.data.pictures.decode`.
    An extractor resizes every image to its input, squashed to a square; pictures of mixed sizes and shapes
    are therefore scored as they are. A picture that cannot be read is an error, never left out in silence.

    Args:
        source: a `tfdogs.data.sources.tree.TreeSource`.
        name: what it is, for people; default its path.

    Raises:
        UsageError: there is no picture in it.
        TfdogsError: an archive is truncated or corrupt.
    """

    def __init__(self, source, *, name=""):
        self.source = source
        self.name = name or str(source.path)
        self.num_images = len(source)
        self._listed = None
        if not self.num_images:
            raise UsageError(
                f"{self.name} holds no pictures (jpg, png, bmp, gif, webp, avif, tiff, ppm, pgm); "
                "there must be one"
            )

    def content_key(self):
        """Returns a digest of the files' bytes in order; names do not count."""
        digest = hashlib.sha256(b"pictures")
        for part in overlap(self._digest, self._items(), **_IN_THREADS):
            digest.update(part)
        return digest.hexdigest()

    def batches(self, batch_size=64, *, indices=None):
        """Yields the pictures in order, uint8 [n, H, W, 3]; neighbours of equal size come together."""
        items = self._items()
        if indices is not None:
            wanted = set(map(int, indices))
            items = (item for index, item in enumerate(items) if index in wanted)
        batch = []
        for image in overlap(self._decode, items, **_IN_THREADS):
            full = len(batch) == batch_size or (len(batch) + 1) * image.nbytes > _BATCH_BYTES
            if batch and (full or image.shape != batch[0].shape):
                yield np.stack(batch)
                batch = []
            batch.append(image)
        if batch:
            yield np.stack(batch)

    def _items(self):
        """Returns the source's items, listed once unless they carry their pictures' bytes."""
        if self._listed is not None:
            return iter(self._listed)
        items = self.source.items()
        first = list(itertools.islice(items, 1))
        if first and isinstance(first[0].ref, bytes):
            return itertools.chain(first, items)
        self._listed = [*first, *items]
        return iter(self._listed)

    def _load(self, item):
        if item.problem:
            why = f"{item.problem}: {item.detail}" if item.detail else item.problem
            raise self._unreadable(item, why)
        try:
            return self.source.load(item)
        except (OSError, ValueError) as e:
            raise self._unreadable(item, e) from e

    def _digest(self, item):
        return hashlib.sha256(self._load(item)).digest()

    def _decode(self, item):
        data = self._load(item)
        try:
            return np.asarray(decode(data, 3))
        except BadPicture as e:
            raise self._unreadable(item, f"{e.reason}: {e.detail}" if e.detail else e.reason) from e

    def _unreadable(self, item, why):
        return TfdogsError(f"{self.name}: picture {item.name} cannot be read ({why}); mend or remove it")
