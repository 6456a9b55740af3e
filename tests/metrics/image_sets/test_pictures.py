"""Pictures of every kind become RGB at their own size; what cannot be read is named."""

import io
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics.image_sets import Pictures, open_images, pictures


def noise(height=6, width=8, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def encode(image, form="PNG", **options):
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, form, **options)
    return buffer.getvalue()


def write(folder, files):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def opened(path):
    return open_images(str(path), flag="fakes")


@pytest.fixture
def files():
    return {f"{i}.png": encode(noise(seed=i)) for i in range(5)}


def images_of(image_set, **options):
    return [image for batch in image_set.batches(**options) for image in batch]


def test_folder_zip_and_tar_are_the_same_images(tmp_path, files):
    folder = write(tmp_path / "folder", files)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(f"renamed_{name}", data)
    for mode, name in (("w", "a.tar"), ("w:gz", "a.tar.gz")):
        with tarfile.open(tmp_path / name, mode) as archive:
            archive.add(folder, "deep/er")
    sets = [opened(tmp_path / name) for name in ("folder", "a.zip", "a.tar", "a.tar.gz")]
    for image_set in sets:
        assert image_set.num_images == 5
        np.testing.assert_array_equal(images_of(image_set), [noise(seed=i) for i in range(5)])
        np.testing.assert_array_equal(image_set.image(3), noise(seed=3))
        np.testing.assert_array_equal(images_of(image_set, indices=[1, 4]), [noise(seed=1), noise(seed=4)])
    assert len({image_set.content_key() for image_set in sets}) == 1


def test_content_key_follows_bytes_and_order(tmp_path, files):
    whole = opened(write(tmp_path / "a", files)).content_key()
    swapped = {**files, "0.png": files["1.png"], "1.png": files["0.png"]}
    assert opened(write(tmp_path / "b", swapped)).content_key() != whole
    del files["4.png"]
    assert opened(write(tmp_path / "c", files)).content_key() != whole


def test_batches_hold_neighbours_of_one_size(tmp_path):
    sizes = [(4, 4), (4, 4), (4, 4), (5, 3), (4, 4)]
    for i, size in enumerate(sizes):
        write(tmp_path, {f"{i}.png": encode(noise(*size))})
    shapes = [batch.shape for batch in opened(tmp_path).batches(2)]
    assert shapes == [(2, 4, 4, 3), (1, 4, 4, 3), (1, 5, 3, 3), (1, 4, 4, 3)]


def test_huge_pictures_come_in_small_batches(tmp_path, files, monkeypatch):
    monkeypatch.setattr(pictures, "_BATCH_BYTES", 2 * noise().nbytes)
    image_set = opened(write(tmp_path, files))
    assert [len(batch) for batch in image_set.batches(64)] == [2, 2, 1]
    monkeypatch.setattr(pictures, "_BATCH_BYTES", 1)
    assert [len(batch) for batch in image_set.batches(64)] == [1] * 5


def test_every_mode_becomes_rgb(tmp_path):
    grey = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    sixteen = Image.fromarray(np.asarray(grey, np.uint16) * 257)
    palette = Image.fromarray(noise(8, 8)).quantize(16)
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    files = {"a.png": grey, "b.png": sixteen, "c.png": palette, "e.png": clear}
    write(tmp_path, {name: encode(image) for name, image in files.items()})
    write(tmp_path, {"d.jpg": encode(cmyk, "JPEG", quality=95)})
    (batch,) = opened(tmp_path).batches()
    assert batch.shape == (5, 8, 8, 3) and batch.dtype == np.uint8
    for place in (0, 1):
        np.testing.assert_array_equal(batch[place], np.repeat(np.asarray(grey)[..., None], 3, axis=-1))
    np.testing.assert_array_equal(batch[2], np.asarray(palette.convert("RGB")))
    red, green, blue = batch[3, 4, 4]
    assert red > 200 and green < 60 and blue < 60
    assert (batch[4] == 255).all()


@pytest.mark.parametrize("data", [b"", b"not a picture", encode(noise(64, 64))[:200]])
def test_a_picture_that_cannot_be_read_is_named(tmp_path, files, data):
    image_set = opened(write(tmp_path, {**files, "2_bad.png": data}))
    with pytest.raises(TfdogsError, match=r"2_bad\.png cannot be read"):
        images_of(image_set)
    image_set.content_key()  # of its bytes


def test_links_and_damaged_members_are_named(tmp_path, files):
    folder = write(tmp_path / "folder", files)
    (tmp_path / "outside.png").write_bytes(files["0.png"])
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(TfdogsError, match=r"link\.png cannot be read \(link: .*outside of the folder"):
        opened(folder).content_key()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("dog.png", files["0.png"])
    data = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace(b"IDAT", b"IDOT", 1))
    with pytest.raises(TfdogsError, match=r"dog\.png cannot be read .*checksum"):
        images_of(opened(tmp_path / "a.zip"))


def test_what_lies_in_hidden_folders_does_not_count_and_is_told(tmp_path, files, capsys):
    assert opened(write(tmp_path / "a", {"x.txt": b"x", **files})).num_images == 5
    assert capsys.readouterr().err == ""
    assert opened(write(tmp_path / "a", {".ipynb_checkpoints/0.png": files["0.png"]})).num_images == 5
    err = capsys.readouterr().err
    assert err.startswith(f"{tmp_path}/a: left out, in hidden folders") and "1 files (.ipynb_checkp" in err


def test_what_holds_no_pictures_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("dogs")
    (tmp_path / "corrupt.zip").write_bytes(b"PK\x03\x04" + bytes(50))
    for name, message in (
        ("empty", "holds no pictures"),
        ("nowhere", "no such file or folder"),
        ("notes.txt", "must be a data_dir, a folder"),
        ("", "must be a data_dir, a folder"),
    ):
        with pytest.raises(UsageError, match=message):
            open_images(name and str(tmp_path / name), flag="fakes")
    with pytest.raises(TfdogsError, match=r"corrupt\.zip is truncated or corrupt"):
        opened(tmp_path / "corrupt.zip")


def test_an_image_that_is_not_there(tmp_path, files):
    image_set = opened(write(tmp_path, files))
    assert isinstance(image_set, Pictures) and image_set.name == str(tmp_path)
    with pytest.raises(IndexError):
        image_set.image(5)
