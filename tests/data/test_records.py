"""Records: serialized, parsed and decoded without loss; corruption is named."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfdogs.data.manifest import Shard
from tfdogs.data.records import Record, decode, parse, read_shards, serialize
from tfdogs.errors import TfdogsError


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def shard(tmp_path):
    """Five records in a file."""
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
        for i in range(5):
            writer.write(serialize(Record(b"png%d" % i, i, f"{i}.jpg", (0.0, 0.0, 1.0, 1.0))))
    return Shard("a.tfrecord", 5, (tmp_path / "a.tfrecord").stat().st_size)


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_survive(channels):
    shape = (16, 16) if channels == 1 else (16, 16, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    data = serialize(Record(png(pixels), 2, "x.jpg", (0.5, 1.0, 16.5, 17.0)))
    fields = parse(tf.constant([data]))
    image = decode(fields["image/encoded"][0], 16, channels)
    assert image.dtype == tf.uint8 and image.shape == (16, 16, channels)
    np.testing.assert_array_equal(np.squeeze(image), pixels)
    assert fields["image/class/label"].numpy().tolist() == [2]
    assert fields["image/source"].numpy().tolist() == [b"x.jpg"]
    assert fields["image/crop"].numpy().tolist() == [[0.5, 1.0, 16.5, 17.0]]


def test_serialization_is_deterministic():
    record = Record(b"png", -1, "a/Hündin.jpg", (0.0, 0.0, 8.0, 8.0))
    assert serialize(record) == serialize(record)


def test_names_that_are_no_utf8_survive():
    name = b"dog\xff.jpg".decode("utf-8", "surrogateescape")
    fields = parse(tf.constant([serialize(Record(b"", 0, name, (0.0,) * 4))]))
    assert fields["image/source"].numpy()[0] == b"dog\xff.jpg"


def test_an_image_of_another_size_is_refused():
    data = tf.constant(png(np.zeros((8, 8, 3), np.uint8)))
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        decode(data, 16, 3)


def test_shards_are_read_in_order(tmp_path, shard):
    batches = list(read_shards(tmp_path, [shard, shard], batch_size=2))
    assert [first for _, first, _ in batches] == [0, 2, 4, 0, 2, 4]
    labels = np.concatenate([parse(batch)["image/class/label"] for _, _, batch in batches])
    assert labels.tolist() == [0, 1, 2, 3, 4] * 2


def test_a_corrupt_record_is_named(tmp_path, shard):
    path = tmp_path / shard.file
    data = bytearray(path.read_bytes())
    data[len(data) * 3 // 5 + 30] ^= 0xFF  # within the fourth of five records of equal length
    path.write_bytes(data)
    with pytest.raises(TfdogsError, match=r"a.tfrecord: record 3 is corrupt"):
        list(read_shards(tmp_path, [shard], batch_size=2))


def test_missing_records_are_counted(tmp_path, shard):
    path = tmp_path / shard.file
    path.write_bytes(path.read_bytes()[: shard.bytes * 3 // 5])
    with pytest.raises(TfdogsError, match=r"a.tfrecord: expected 5 records, found 3"):
        list(read_shards(tmp_path, [shard]))
