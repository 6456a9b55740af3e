import csv
import io
import zipfile

import pytest

from tfdogs.sampling import images
from tfdogs.sampling.drawing import Picture


def pictures(count, label=None):
    return (Picture(seed, label, b"png %d" % seed) for seed in range(7, 7 + count))


def test_folder_has_a_png_an_image_and_its_seeds(tmp_path):
    images.write_folder(pictures(3), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "image_00000.png",
        "image_00001.png",
        "image_00002.png",
        "seeds.csv",
    ]
    assert (tmp_path / "image_00002.png").read_bytes() == b"png 9"
    assert (tmp_path / "seeds.csv").read_text() == (
        "name,seed,label\nimage_00000.png,7,\nimage_00001.png,8,\nimage_00002.png,9,\n"
    )


@pytest.mark.parametrize("classes, expected", [(("cat", "big, bad dog"), "big, bad dog"), ((), "1")])
def test_seeds_tell_the_class(tmp_path, classes, expected):
    images.write_folder(pictures(1, label=1), tmp_path, classes=classes)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "seeds.csv").read_text())))
    assert rows == [{"name": "image_00000.png", "seed": "7", "label": expected}]


def test_zip_holds_images_only_and_is_the_same_every_time(tmp_path):
    for name in ("a.zip", "b.zip"):
        images.write_zip(pictures(3), tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["image_00000.png", "image_00001.png", "image_00002.png"]
        assert archive.read("image_00001.png") == b"png 8"


def test_names_grow_beyond_five_digits():
    assert images.image_name(99_999) == "image_99999.png" and images.image_name(100_000) == "image_100000.png"
