"""TFRecord shards: how an image and its label lie in them, and how they are read back."""

import dataclasses
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfdogs.errors import TfdogsError

FEATURES = {
    "image/encoded": tf.io.FixedLenFeature([], tf.string),
    "image/class/label": tf.io.FixedLenFeature([], tf.int64, default_value=-1),
    "image/source": tf.io.FixedLenFeature([], tf.string, default_value=""),
    "image/crop": tf.io.FixedLenFeature([4], tf.float32, default_value=[0.0] * 4),
}


@dataclasses.dataclass(frozen=True)
class Record:
    """One training image.

    Attributes:
        png: the image as PNG bytes, `image_size` square.
        label: index into the manifest's classes, or -1.
        source: name of the picture that it was cut from.
        crop: (left, top, right, bottom) of the cut, in pixels of that picture: of the stored ones where its
            boxes are, of the upright picture elsewhere.
    """

    png: bytes
    label: int
    source: str
    crop: tuple


def serialize(record):
    """Returns a `Record` as the bytes of a tf.train.Example."""
    return example(
        {
            "image/encoded": [record.png],
            "image/format": [b"png"],
            "image/class/label": [int(record.label)],
            "image/source": [record.source.encode("utf-8", "surrogateescape")],
            "image/crop": [float(edge) for edge in record.crop],
        }
    )


def example(values):
    """Returns lists of bytes, of ints or of floats, by name, as the bytes of a tf.train.Example."""
    features = tf.train.Features(feature={name: _feature(value) for name, value in values.items()})
    return tf.train.Example(features=features).SerializeToString(deterministic=True)


def _feature(values):
    if not values:
        return tf.train.Feature()
    if isinstance(values[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    if isinstance(values[0], int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def parse(serialized):
    """Parses a batch of serialized records.

    Args:
        serialized: string tensor [N].

    Returns:
        A dict of tensors: `FEATURES` names them, each with leading dimension N.
    """
    return tf.io.parse_example(serialized, FEATURES)


def count_labels(data_dir, manifest, split="train"):
    """Returns the number of a split's images by class, a tuple of ints; images are not decoded.

    Raises:
        TfdogsError: a record is corrupt, or has a label that is no class.
    """
    feature, count = {"image/class/label": FEATURES["image/class/label"]}, len(manifest.classes)
    found = np.zeros(count, np.int64)
    for shard, first, batch in read_shards(data_dir, manifest.splits[split]):
        labels = tf.io.parse_example(batch, feature)["image/class/label"].numpy()
        if labels.max() >= count:
            where = f"{Path(data_dir, shard.file)}: record {first + labels.argmax()}"
            raise TfdogsError(f"{where} has label {labels.max()}, legal are -1 to {count - 1}")
        found += np.bincount(labels[labels >= 0], minlength=count)
    return tuple(found.tolist())


def decode(encoded, image_size, channels):
    """Decodes PNG bytes, a string scalar, into a uint8 tensor [image_size, image_size, channels]."""
    image = tf.io.decode_png(encoded, channels=channels)
    return tf.ensure_shape(image, [image_size, image_size, channels])


def read_shards(data_dir, shards, *, batch_size=256):
    """Yields the serialized records of `shards` in order, as lists of (shard, first record, bytes array).

    Args:
        data_dir: where the shards lie.
        shards: `tfdogs.data.manifest.Shard`s.
        batch_size: most records a yield.

    Raises:
        TfdogsError: a record is corrupt or missing; names the shard and the record.
    """
    for shard in shards:
        path = Path(data_dir, shard.file)
        read = 0
        try:
            for batch in tf.data.TFRecordDataset(str(path)).batch(batch_size):
                yield shard, read, batch
                read += len(batch)
        except tf.errors.OpError as e:
            # TFRecordDataset loses the batch in which the corrupt record lies: count up to it singly.
            raise TfdogsError(f"{path}: record {_first_bad(path)} is corrupt ({e.message})") from e
        if read != shard.records:
            raise TfdogsError(f"{path}: expected {shard.records} records, found {read}")


def _first_bad(path):
    index = 0
    try:
        for _ in tf.data.TFRecordDataset(str(path)):
            index += 1
    except tf.errors.OpError:
        pass
    return index
