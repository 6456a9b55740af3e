"""The writing end of preparation: crops wait in a spool on disk, then go shuffled into TFRecord shards."""

import contextlib
import hashlib
import json
import os
import re
import struct
from pathlib import Path

import numpy as np

from tfdogs import aside
from tfdogs.data.manifest import FILE_NAME, FORMAT, Manifest, Shard
from tfdogs.errors import UsageError, reason

_OURS = re.compile(
    rf"(train|eval)-\d+-of-\d+\.tfrecord|{re.escape(FILE_NAME)}|rejects\.(csv|png)|preview\.png"
)

CROP = np.dtype(
    [
        ("offset", "<u8"),
        ("size", "<u4"),
        ("picture", "<u4"),
        ("rectangle", "<f4", 4),
        ("hash", "<u8"),
        ("digest", "<u8", 2),
        ("blur", "<f4"),
    ]
)
PICTURE = np.dtype(
    [("offset", "<u8"), ("size", "<u4"), ("class_id", "<i4"), ("hash", "<u8"), ("digest", "<u8", 2)]
)
_PACK_CROP, _PACK_PICTURE = struct.Struct("<QII4fQ16sf").pack, struct.Struct("<QIiQ16s").pack


class Spool:
    """Crops on disk; in memory only the rows `CROP` (60 bytes a crop) and `PICTURE` (40 bytes a picture).

    Args:
        path: file to write, removed by `close`.
    """

    def __init__(self, path):
        self._path, self._end = Path(path), 0
        self._file = self._path.open("w+b")
        self._crops, self._pictures = bytearray(), bytearray()
        self._classes = {}

    def add(self, item, outcome):
        """Appends a picture and its crops.

        Args:
            item: `tfdogs.data.sources.base.Item`.
            outcome: `tfdogs.data.worker.Outcome` with at least one crop.
        """
        picture = len(self._pictures) // PICTURE.itemsize
        class_id = -1
        if item.class_name is not None:
            class_id = self._classes.setdefault(item.class_name, len(self._classes))
        name = item.name.encode("utf-8", "surrogateescape")
        self._pictures += _PACK_PICTURE(*self._write(name), class_id, outcome.hash, outcome.digest)
        for crop in outcome.crops:
            place = self._write(crop.png)
            row = _PACK_CROP(*place, picture, *crop.rectangle, crop.hash, crop.digest, crop.blur)
            self._crops += row

    @property
    def crops(self):
        """Array of `CROP`, in order of arrival."""
        return np.frombuffer(self._crops, CROP)

    @property
    def pictures(self):
        """Array of `PICTURE`, in order of arrival."""
        return np.frombuffer(self._pictures, PICTURE)

    @property
    def class_names(self):
        """Class names by `class_id`."""
        return list(self._classes)

    def name(self, picture):
        """Returns the name of the picture with this index."""
        row = self.pictures[picture]
        return self._read(row["offset"], row["size"]).decode("utf-8", "surrogateescape")

    def png(self, crop):
        """Returns the PNG bytes of the crop with this index."""
        row = self.crops[crop]
        return self._read(row["offset"], row["size"])

    def close(self):
        """Removes the file."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _write(self, data):
        self._file.write(data)
        self._end += len(data)
        return self._end - len(data), len(data)

    def _read(self, offset, size):
        self._file.flush()
        return os.pread(self._file.fileno(), int(size), int(offset))


def write(spool, orders, directory, *, config, provenance, counts):
    """Writes crops into shards, and the manifest. TensorFlow is imported here.

    Args:
        spool: `Spool`.
        orders: indices of crops in the order in which they are written, by split name.
        directory: where to write.
        config: resolved `PrepareConfig`.
        provenance: see `Manifest`.
        counts: see `Manifest`.

    Returns:
        The `Manifest`, saved in `directory`.
    """
    written = np.concatenate([np.asarray(order, np.int64) for order in orders.values()])
    of_crop = spool.pictures["class_id"][spool.crops["picture"]]
    present = {spool.class_names[i] for i in np.unique(of_crop[written]) if i >= 0}
    classes = tuple(sorted(present))
    label = {spool.class_names.index(name): i for i, name in enumerate(classes)}
    shape = json.dumps([config.image_size, config.channels, classes])
    digest = hashlib.blake2b(shape.encode(), digest_size=16)
    splits = {
        split: tuple(_write_split(spool, split, order, label, directory, config.shard_size, digest))
        for split, order in orders.items()
    }
    manifest = Manifest(
        image_size=config.image_size,
        channels=config.channels,
        classes=classes,
        splits=splits,
        fingerprint=digest.hexdigest(),
        provenance=provenance,
        counts=counts,
    )
    manifest.save(directory)
    return manifest


def _write_split(spool, split, order, label, directory, shard_size, digest):
    """Yields the `Shard`s of a split as they are written; `digest` takes in every record."""
    import tensorflow as tf

    from tfdogs.data.records import Record, serialize

    parts = [order[i : i + shard_size] for i in range(0, len(order), shard_size)]
    for number, part in enumerate(parts):
        path = Path(directory, f"{split}-{number:05d}-of-{len(parts):05d}.tfrecord")
        with _failing_plainly(tf), tf.io.TFRecordWriter(str(path)) as writer:
            for index in part:
                row = spool.crops[index]
                picture = row["picture"]
                record = Record(
                    png=spool.png(index),
                    label=label.get(int(spool.pictures[picture]["class_id"]), -1),
                    source=spool.name(picture),
                    crop=tuple(row["rectangle"].tolist()),
                )
                data = serialize(record)
                digest.update(data)
                writer.write(data)
        yield Shard(path.name, len(part), path.stat().st_size)


@contextlib.contextmanager
def _failing_plainly(tf):
    try:
        yield
    except tf.errors.OpError as e:
        raise OSError(reason(e)) from e  # `replacing` names the output, and not this hidden file


def check_output(output_dir, *, overwrite):
    """Refuses, before any work, an output directory that must not be replaced.

    Raises:
        UsageError: it is a file; it holds something, without `overwrite`; or it is no data_dir of ours.
    """
    output = Path(output_dir)
    if not output.exists():
        if output.is_symlink():
            raise UsageError(f"--output_dir={output} is a link to nothing")
        return
    if not output.is_dir():
        raise UsageError(f"--output_dir={output} is a file, not a directory")
    names = sorted(path.name for path in output.iterdir())
    if not names:
        return
    if not overwrite:
        raise UsageError(f"--output_dir={output} is not empty: name another, or --overwrite a data_dir")
    foreign = [name for name in names if not _OURS.fullmatch(name)]
    if foreign or not _is_ours(output / FILE_NAME):
        found = f"it holds {foreign[0]}" if foreign else f"it has no {FILE_NAME} of format {FORMAT}"
        raise UsageError(
            f"--overwrite replaces only what tfdogs.prepare made, not --output_dir={output}: {found}"
        )


def _is_ours(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        return False


@contextlib.contextmanager
def replacing(output_dir):
    """Gives an empty hidden sibling directory to write in, which takes the place of `output_dir` in the end.

    Where the body raises, the sibling is removed and `output_dir` stays as it was. What killed processes left
    beside it is removed first.

    Raises:
        TfdogsError: another process writes to `output_dir`, or the disk refuses.
    """
    with aside.alone_at(output_dir), aside.replacing(output_dir, folder=True) as work:
        yield work
