"""One shard of images: a TFRecord file that appears whole."""

import hashlib
from typing import NamedTuple

import tensorflow as tf

from pipeline.core.aside import aside
from tfdogs.data.manifest import Shard
from tfdogs.data.records import Record, serialize
from tfdogs.errors import TfdogsError, of_disk

_NO_CROP = (0.0, 0.0, 0.0, 0.0)


class ImageShard(NamedTuple):
    """A shard that is there.

    Attributes:
        shard: `tfdogs.data.manifest.Shard`, its name, number of records and size.
        digest: hex digest of its records.
    """

    shard: Shard
    digest: str

    @classmethod
    def write(cls, path, pictures):
        """Writes `pictures`, an iterable of `tfdogs.sampling.drawing.Picture`, as it yields them.

        Raises:
            TfdogsError: the disk refuses.
        """
        try:
            with aside(path) as hidden, tf.io.TFRecordWriter(str(hidden)) as writer:
                for picture in pictures:
                    label = -1 if picture.label is None else picture.label
                    writer.write(serialize(Record(picture.png, label, f"seed {picture.seed}", _NO_CROP)))
        except tf.errors.OpError as e:
            if of_disk(e) is None:
                raise
            raise TfdogsError(f"cannot write {path}: {of_disk(e)}") from e
        return cls.read(path)

    @classmethod
    def read(cls, path):
        """Goes through a shard; returns None where it is missing or damaged."""
        digest, records = hashlib.blake2b(digest_size=16), 0
        try:
            for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
                digest.update(record)
                records += 1
            size = path.stat().st_size
        except (OSError, tf.errors.OpError):
            return None
        return cls(Shard(path.name, records, size), digest.hexdigest())
