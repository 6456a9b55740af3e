import tarfile
import zipfile

import numpy as np
import pytest
from PIL import ExifTags, Image, PngImagePlugin

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.exhibition.collection import Collection
from tfdogs.sampling.grid import encode_png
from tfdogs.sampling.story import read_png


def image(number, side=4):
    return np.random.default_rng(number).integers(0, 256, (side, side, 3), np.uint8)


def fill(folder, names):
    for place, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(encode_png(image(place)))
    return folder


@pytest.mark.parametrize(
    "names, numbers",
    [
        (["image_00000.png", "image_00002.png", "image_00010.png"], [0, 2, 10]),
        (["dog2.png", "dog10.png"], [2, 10]),
        (["7.png", "a.png", "b.png"], [7, 8, 9]),
        (["a/1.png", "b/1.png", "b/2.png"], [1, 2, 3]),
        (["rex.png"], [0]),
    ],
)
def test_numbers_are_kept_where_there_are_any(tmp_path, names, numbers):
    collection = Collection(fill(tmp_path, names))
    assert collection.numbers == numbers
    assert len({item.name for item in collection.items.values()}) == len(names)


def test_all_become_png_with_the_same_pixels(tmp_path):
    fill(tmp_path / "in", ["image_00003.png"])
    Image.fromarray(image(1, 9)).save(tmp_path / "in/image_00001.webp", lossless=True)
    (tmp_path / "out").mkdir()
    one, three = Collection(tmp_path / "in").hang([1, 3], tmp_path / "out")
    np.testing.assert_array_equal(read_png(tmp_path / "out/image_00003.png")[1], image(0))
    np.testing.assert_array_equal(read_png(tmp_path / "out/image_00001.png")[1], image(1, 9))
    assert (one.number, one.seed, one.width, one.height, three.width) == (1, None, 9, 9, 4)


def test_what_files_tell_beside_their_pixels_is_left_out(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    text, exif = PngImagePlugin.PngInfo(), Image.Exif()
    text.add_text("Comment", "51.5 N, secret")
    exif[ExifTags.Base.ImageDescription] = "secret place"
    notes = {"exif": exif, "icc_profile": b"secret colours"}
    Image.fromarray(image(1)).save(tmp_path / "in/image_00001.png", pnginfo=text, **notes)
    Image.fromarray(image(2, 16)).save(tmp_path / "in/image_00002.jpg", **notes)
    Image.fromarray(image(3)).save(tmp_path / "in/image_00003.webp", lossless=True, **notes)
    Collection(tmp_path / "in").hang([1, 2, 3], tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        with Image.open(path) as shown:
            shown.load()
            assert not shown.info and not shown.getexif() and b"secret" not in path.read_bytes()


def test_a_zip_has_what_the_folder_has(tmp_path):
    fill(tmp_path / "in", ["image_00003.png", "image_00001.png"])
    with zipfile.ZipFile(tmp_path / "dogs.zip", "w") as archive:
        for path in (tmp_path / "in").iterdir():
            archive.write(path, path.name)
    (tmp_path / "out").mkdir()
    Collection(tmp_path / "dogs.zip").hang([1, 3], tmp_path / "out")
    for name in ("image_00001.png", "image_00003.png"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "in" / name).read_bytes()


def test_seeds_and_labels_are_read(tmp_path):
    fill(tmp_path / "in", ["image_00000.png", "image_00001.png", "image_00002.png"])
    (tmp_path / "in/seeds.csv").write_text("name,seed,label\nimage_00000.png,40,pug\nimage_00001.png,41,\n")
    (tmp_path / "out").mkdir()
    hung = Collection(tmp_path / "in").hang([0, 1, 2], tmp_path / "out")
    assert [(one.seed, one.label) for one in hung] == [(40, "pug"), (41, ""), (None, "")]


@pytest.mark.parametrize("text", ["name,seed\na.png,1\n", "name,seed,label\na.png,x,\n", "\xff"])
def test_foreign_seeds_are_refused(tmp_path, text):
    fill(tmp_path, ["a.png"])
    (tmp_path / "seeds.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(TfdogsError, match=r"seeds\.csv is not as tfdogs\.generate"):
        Collection(tmp_path)


def test_pixels_come_one_by_one(tmp_path):
    collection = Collection(fill(tmp_path, ["1.png", "2.png"]))
    np.testing.assert_array_equal(np.concatenate(list(collection.pixels([2, 1]))), [image(1), image(0)])


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    fill(tmp_path / "in", ["1.png"])
    (tmp_path / "in/2.png").write_bytes((tmp_path / "in/1.png").read_bytes()[:40])
    (tmp_path / "out").mkdir()
    with pytest.raises(TfdogsError, match=r"picture 2\.png cannot be read"):
        Collection(tmp_path / "in").hang([1, 2], tmp_path / "out")


def test_what_is_no_collection(tmp_path):
    with pytest.raises(UsageError, match="no such file or folder"):
        Collection(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="holds no pictures"):
        Collection(tmp_path)
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("a.png"))
    with pytest.raises(UsageError, match=r"must be a folder or a \.zip"):
        Collection(tmp_path / "a.tar")
