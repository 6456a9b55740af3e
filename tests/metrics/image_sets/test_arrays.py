"""Arrays in memory and in NumPy files."""

import numpy as np
import pytest

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics.image_sets import Arrays, open_images


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (7, 4, 5, 3), np.uint8)


def opened(path):
    return open_images(str(path), flag="fakes")


def test_files_are_the_same_images_as_memory(tmp_path, images):
    np.save(tmp_path / "a.npy", images)
    np.savez(tmp_path / "b.npz", images=images, labels=np.arange(7))
    np.savez_compressed(tmp_path / "c.npz", images)
    sets = [Arrays(images), *(opened(tmp_path / name) for name in ("a.npy", "b.npz", "c.npz"))]
    for image_set in sets:
        assert image_set.num_images == 7
        batches = list(image_set.batches(3))
        assert [len(batch) for batch in batches] == [3, 3, 1]
        np.testing.assert_array_equal(np.concatenate(batches), images)
        np.testing.assert_array_equal(image_set.image(6), images[6])
        np.testing.assert_array_equal(
            np.concatenate(list(image_set.batches(2, indices=[0, 3, 5]))), images[[0, 3, 5]]
        )
    assert len({image_set.content_key() for image_set in sets}) == 1


def test_content_key_follows_bytes_order_and_shape(images):
    others = [images[::-1], images[:6], images.reshape(7, 5, 4, 3), images ^ 1]
    assert len({Arrays(image).content_key() for image in (images, *others)}) == 5
    assert Arrays(np.asfortranarray(images)).content_key() == Arrays(images).content_key()


def test_grey_images(images):
    (batch,) = Arrays(images[..., :1]).batches()
    assert batch.shape == (7, 4, 5, 1)


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        (np.zeros((2, 4, 4, 3), np.float32), r"float32 \[2, 4, 4, 3\]"),
        (np.zeros((2, 4, 4), np.uint8), r"uint8 \[2, 4, 4\]"),
        (np.zeros((2, 3, 4, 4), np.uint8), r"uint8 \[2, 3, 4, 4\]"),
        (np.zeros((0, 4, 4, 3), np.uint8), r"uint8 \[0, 4, 4, 3\]"),
    ],
)
def test_other_arrays_are_refused(tmp_path, bad, named):
    np.save(tmp_path / "bad.npy", bad)
    with pytest.raises(
        UsageError, match=r"bad\.npy: images must be uint8 \[N, H, W, C\].*Received: " + named
    ):
        opened(tmp_path / "bad.npy")


def test_damaged_and_foreign_files_are_refused(tmp_path, images):
    np.save(tmp_path / "whole.npy", images)
    data = (tmp_path / "whole.npy").read_bytes()
    (tmp_path / "cut.npy").write_bytes(data[:-1])
    (tmp_path / "header.npy").write_bytes(data[:20])
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "notes.npy").write_text("dogs")
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    np.savez(tmp_path / "whole.npz", images)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:-30])
    for name in ("cut.npy", "header.npy", "empty.npy", "notes.npy", "objects.npy", "cut.npz"):
        with pytest.raises(TfdogsError, match=rf"{name} is no NumPy file of images, or a damaged one"):
            opened(tmp_path / name)
    np.savez(tmp_path / "other.npz", dogs=images)
    with pytest.raises(UsageError, match=r'must hold an array "images" or "arr_0".*Received: dogs'):
        opened(tmp_path / "other.npz")
    with pytest.raises(UsageError, match="no such file"):
        opened(tmp_path / "nowhere.npy")
