import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.serving.reals import real_files

SHAPE = (16, 16, 3)


def pixels(file):
    kind, data = file
    assert kind == "image/png"
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def names(files):
    kind, data = files["/reals/index.json"]
    assert kind == "application/json"
    listed = json.loads(data)["images"]
    assert files.keys() == {"/reals/index.json", *(f"/reals/{name}" for name in listed)}
    return listed


def encode(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def test_none():
    assert real_files("", image_shape=None) == {"/reals/index.json": ("application/json", b'{"images": []}')}


def test_a_folder_is_cropped_to_squares_resized_and_encoded_again(tmp_path):
    wide = np.zeros((40, 80, 3), np.uint8)
    wide[:, 10:70] = 200  # the largest centred square, from 20 to 60, and what its edges are weighed with
    exif = Image.Exif()
    exif[0x010E] = "where it was taken"
    (tmp_path / "a.png").write_bytes(encode(Image.fromarray(wide), "PNG", exif=exif))
    noise = np.random.default_rng(0).integers(0, 2, (64, 64, 3), np.uint8) * 255
    (tmp_path / "b.png").write_bytes(encode(Image.fromarray(noise), "PNG"))
    (tmp_path / "c.jpg").write_bytes(encode(Image.new("L", (5, 5), 90), "JPEG"))
    (tmp_path / "notes.txt").write_text("no picture")
    files = real_files(str(tmp_path), image_shape=SHAPE)
    assert names(files) == ["0.png", "1.png", "2.png"]
    assert all(pixels(files[f"/reals/{name}"]).shape == SHAPE for name in names(files))
    np.testing.assert_array_equal(pixels(files["/reals/0.png"]), 200)
    assert b"where it was taken" not in files["/reals/0.png"][1]
    assert pixels(files["/reals/1.png"]).std() < 60  # antialiased: 127 where every fourth pixel is taken
    np.testing.assert_array_equal(pixels(files["/reals/2.png"]), 90)


def test_a_zip_and_an_array_for_a_grey_model(tmp_path):
    with zipfile.ZipFile(tmp_path / "dogs.zip", "w") as archive:
        archive.writestr("dogs/1.png", encode(Image.new("RGB", (20, 20), (255, 0, 0)), "PNG"))
    np.save(tmp_path / "dogs.npy", np.full((3, 8, 8, 1), 76, np.uint8))
    for path, count in (("dogs.zip", 1), ("dogs.npy", 3)):
        files = real_files(str(tmp_path / path), image_shape=(16, 16, 1))
        assert len(names(files)) == count
        np.testing.assert_array_equal(pixels(files["/reals/0.png"]), np.full((16, 16), 76))  # red's luma


def test_a_data_dir(paper_data):
    files = real_files(str(paper_data), image_shape=SHAPE, max_reals=5)
    assert names(files) == [f"{number}.png" for number in range(5)]
    assert files == real_files(str(paper_data), image_shape=SHAPE, max_reals=5)


def test_of_many_some_are_drawn_from_all_over(tmp_path):
    array = np.arange(100, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    np.save(tmp_path / "dogs.npy", array)
    files = real_files(str(tmp_path / "dogs.npy"), image_shape=SHAPE, max_reals=10)
    values = [pixels(files[f"/reals/{name}"])[0, 0, 0] for name in names(files)]
    assert len(set(values)) == 10 and max(values) > 50


def test_what_is_no_picture(tmp_path):
    with pytest.raises(UsageError, match="--reals: no such file"):
        real_files(str(tmp_path / "nowhere"), image_shape=SHAPE)
    with pytest.raises(UsageError, match="holds no pictures"):
        real_files(str(tmp_path), image_shape=SHAPE)
    with pytest.raises(UsageError, match="--reals needs a model with a signature `images`"):
        real_files(str(tmp_path), image_shape=None)
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(TfdogsError, match=r"picture a.png cannot be read"):
        real_files(str(tmp_path), image_shape=SHAPE)
