import numpy as np
import pytest
from PIL import Image

from tfdogs.classification import pools
from tfdogs.errors import TfdogsError, UsageError

SHAPE = (32, 32, 3)


def test_names_of_classes_are_names_of_files():
    names = ["cat", "a/b", "..", "a b", "ä", "a%2Fb"]
    found = {pools.pool_path("out", name) for name in names}
    assert len(found) == len(names) and all(path.parent.name == "fakes" for path in found)


def test_a_collection_is_taken_at_random_and_kept(fakes, tmp_path):
    pool = tmp_path / "fakes" / "a.npy"
    pools.gather(fakes / "a.npy", pool, "a", count=12, shape=SHAPE)
    assert [path.name for path in pool.parent.iterdir()] == ["a.npy"]
    images, everything = pools.load(pool), np.load(fakes / "a.npy")
    assert images.shape == (12, *SHAPE) and images.dtype == np.uint8
    rows = [next(i for i, one in enumerate(everything) if np.array_equal(one, image)) for image in images]
    assert len(set(rows)) == 12 and rows != sorted(rows)
    kept = pool.read_bytes()
    pools.gather(fakes / "b.npy", pool, "a", count=12, shape=SHAPE)  # it is there: nothing is gathered
    assert pool.read_bytes() == kept


def test_a_folder_of_pictures(fakes, tmp_path):
    for i, image in enumerate(np.load(fakes / "b.npy")[:4]):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
    pools.gather(tmp_path, tmp_path / "b.npy", "b", count=4, shape=SHAPE)
    assert len(pools.load(tmp_path / "b.npy")) == 4


@pytest.mark.parametrize(
    ("name", "count", "shape", "message"),
    [
        ("few.npy", 3, SHAPE, r"--fakes: 3 images of a are needed, .*few.npy has 2"),
        ("few.npy", 2, (64, 64, 3), r"images of a must be 64x64x3 .* Received: 32x32x3 in"),
        ("none.npy", 2, SHAPE, r"--fakes: no such file"),
    ],
)
def test_errors(fakes, tmp_path, name, count, shape, message):
    with pytest.raises(UsageError, match=message):
        pools.gather(fakes / name, tmp_path / "a.npy", "a", count=count, shape=shape)
    with pytest.raises(UsageError, match=message):
        pools.check(fakes / name, "a", count=count, shape=shape)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ({"image_size": 16}, r"images of a must be 32x32x3 .* Received: 16x16x3 in .*run"),
        ({"checkpoint": False}, r"images of a cannot be drawn: .*run has no checkpoint yet"),
        ({"classes": ("b", "c")}, r"the conditional run .*run knows no class a; it knows b, c"),
    ],
)
def test_a_run_is_checked_as_a_whole(make_run, tmp_path, made, message):
    path = make_run(tmp_path / "run", **made)
    with pytest.raises(UsageError, match=message):
        pools.check(path, "a", count=3, shape=SHAPE)


def test_a_good_run_passes(make_run, tmp_path):
    path = make_run(tmp_path / "run", classes=("b", "a"))
    pools.check(path, "a", count=3, shape=SHAPE)
    (checkpoint,) = (path / "checkpoints").iterdir()
    (checkpoint / "state.index").unlink()
    with pytest.raises(TfdogsError, match=r"cannot be restored"):
        pools.check(path, "a", count=3, shape=SHAPE)


def test_a_damaged_pool_is_named(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(TfdogsError, match=r"a.npy is damaged .* remove it"):
        pools.load(tmp_path / "a.npy")
