import gzip
import pickle
import struct
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tfdogs.data.sources.idx import IdxSource
from tfdogs.errors import TfdogsError, UsageError

MNIST = Path(__file__).resolve().parents[3] / "../shared/data/mnist/train-images-idx3-ubyte.gz"


def _images(pixels, magic=0x803):
    return struct.pack(">4I", magic, *pixels.shape) + pixels.tobytes()


def _labels(values, magic=0x801):
    return struct.pack(">2I", magic, len(values)) + bytes(values)


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_pixels_and_labels(tmp_path, pixels, pack, suffix):
    (tmp_path / "t-images-idx3-ubyte").write_bytes(pack(_images(pixels)))
    (tmp_path / f"t-labels-idx1-ubyte{suffix}").write_bytes(pack(_labels([3, 0, 9, 3, 3])))
    source = IdxSource(tmp_path / "t-images-idx3-ubyte")
    items = list(source.items())
    assert [item.class_name for item in items] == ["3", "0", "9", "3", "3"]
    assert len({item.name for item in items}) == len(source) == 5
    assert (source.channels, source.photographs) == (1, False)
    copy = pickle.loads(pickle.dumps(source))
    for item, expected in zip(items, pixels):
        np.testing.assert_array_equal(np.asarray(copy.load(item)), expected)
        assert copy.load(item).mode == "L"
    assert list(copy.items()) == items


@pytest.mark.parametrize("name", ["t-images-idx3-ubyte", "digits"])
def test_without_labels_there_are_no_classes(tmp_path, pixels, name):
    (tmp_path / name).write_bytes(_images(pixels))
    assert {item.class_name for item in IdxSource(tmp_path / name).items()} == {None}


BAD = {
    "empty": (b"", "must begin with the IDX magic 0x00000803"),
    "labels": (_labels([1, 2]), "must begin with the IDX magic 0x00000803, found 0x00000801"),
    "header": (struct.pack(">2I", 0x803, 5), "ends within its header"),
    "no pictures": (struct.pack(">4I", 0x803, 0, 4, 3), "holds no pictures"),
    "no pixels": (struct.pack(">4I", 0x803, 5, 0, 3), "holds no pictures"),
    "vast": (struct.pack(">4I", 0x803, 5, 2**31, 2**31), "holds no pictures of 1 to 4096"),
    "gzip": (b"\x1f\x8b\x08 broken", "x-images"),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
def test_foreign_files_are_refused(tmp_path, data, message):
    (tmp_path / "x-images").write_bytes(data)
    with pytest.raises(UsageError, match=message) as e:
        IdxSource(tmp_path / "x-images")
    assert "--images" in str(e.value)
    assert "x-images" in str(e.value)
    assert "\n" not in str(e.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"--images: cannot read .*nothing: No such file"):
        IdxSource(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("labels", "message"),
    [(_labels([1]), "1 labels for 5 pictures"), (_labels([1] * 5, 0x803), "IDX magic 0x00000801")],
)
def test_labels_must_fit(tmp_path, pixels, labels, message):
    (tmp_path / "images").write_bytes(_images(pixels))
    (tmp_path / "labels").write_bytes(labels)
    with pytest.raises(UsageError, match=message):
        IdxSource(tmp_path / "images")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_truncated_file_yields_what_is_whole_and_then_fails(tmp_path, pixels, pack):
    data = pack(_images(pixels)[:-15]) if pack is bytes else pack(_images(pixels))[:-20]
    (tmp_path / "images").write_bytes(data)
    items = IdxSource(tmp_path / "images").items()
    assert next(items).ref == pixels[0].tobytes()
    with pytest.raises(TfdogsError, match=r"images is truncated or corrupt at picture \d of 5"):
        list(items)


@pytest.mark.real_data
@pytest.mark.skipif(not MNIST.is_file(), reason="no shared/data/mnist beside the checkout")
def test_mnist():
    source = IdxSource(MNIST)
    classes = Counter(item.class_name for item in source.items())
    assert len(source) == sum(classes.values()) == 10_000
    assert set(classes) == set("0123456789")
    item = next(source.items())
    assert source.load(item).size == (28, 28)
