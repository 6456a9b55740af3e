"""A folder or zip of images that was stopped goes on with what is there."""

import types
import zipfile

import numpy as np
import pytest

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.sampling import drawing as drawings
from tfdogs.sampling import many
from tfdogs.sampling.config import GenerateConfig
from tfdogs.sampling.drawing import Drawing
from tfdogs.sampling.unfinished import FolderOfImages, ZipOfImages
from tfdogs.training.config import TrainConfig

FORMS = ["dogs", "dogs.zip"]


class Sampler:
    """Draws grey images whose level is their seed; stops where it is told to."""

    num_classes, chunk = 3, 32

    def __init__(self):
        self.drawn, self.stop_at, self.error = [], None, None
        self.generator = types.SimpleNamespace(get_weights=lambda: [np.ones(3, np.float32)])

    def images(self, seeds, *, labels=None, truncation=None):
        if self.stop_at in seeds:
            raise self.error
        self.drawn.extend(seeds.tolist())
        levels = 10 * seeds + labels
        return np.stack([np.full((4, 4, 3), level, np.uint8) for level in levels])


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Returns a function (name, sampler, ...) that writes 12 images to tmp_path/name."""
    monkeypatch.setattr(drawings, "BATCH", 2)
    config = TrainConfig(data_dir="data", model_dir="run")

    def run(name, sampler, *, kimg=1.0, **flags):
        flags = {"num_images": 12, "model_dir": "run", **flags}
        asked = GenerateConfig(output=str(tmp_path / name), **flags)
        gan = types.SimpleNamespace(sampler=sampler, image_shape=(4, 4, 3))
        classes = ("pug", "beagle", "toy poodle")
        loaded = types.SimpleNamespace(gan=gan, config=config, classes=classes, kimg=kimg, label_counts=())
        many.write(Drawing(sampler, asked.all_seeds), asked, loaded)

    return run


def stopped(write, name, error=None, **flags):
    sampler = Sampler()
    sampler.stop_at, sampler.error = 8, error or KeyboardInterrupt()
    with pytest.raises((KeyboardInterrupt, TfdogsError)) as caught:
        write(name, sampler, **flags)
    return str(caught.value)


def content(path):
    if path.is_dir():
        return {file.name: file.read_bytes() for file in path.iterdir()}
    return path.read_bytes()


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("error", [None, OSError(28, "No space left on device")])
def test_what_was_drawn_is_kept_and_gone_on_with(write, tmp_path, name, error, capsys):
    write(f"whole_{name}", Sampler())
    told = stopped(write, name, error)
    hidden = tmp_path / f".{name}.unfinished"
    assert f"images are kept in {hidden}. Run the same command to resume" in told
    assert not (tmp_path / name).exists()
    sampler = Sampler()
    write(name, sampler)
    kept = int(told.split(" of 12")[0].split()[-1])
    assert sampler.drawn == list(range(kept, 12)) and 0 < kept <= 8
    assert f"going on with {kept} images in {hidden}" in capsys.readouterr().out
    assert content(tmp_path / name) == content(tmp_path / f"whole_{name}")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, f"whole_{name}"])


@pytest.mark.parametrize("name", FORMS)
def test_images_of_other_flags_or_another_generator_are_no_beginning(write, tmp_path, name):
    stopped(write, name)
    for changes, clause in (
        ({"truncation": 0.5}, r"truncation: 0\.0 there, 0\.5 now"),
        ({"num_images": 14}, "num_images: 12 there, 14 now"),
        ({"kimg": 2.0}, r"kimg: 1\.0 there, 2\.0 now"),
    ):
        with pytest.raises(UsageError, match=rf"\.unfinished holds images of .*{clause}.*--overwrite it"):
            write(name, Sampler(), **changes)
    sampler = Sampler()
    write(name, sampler, truncation=0.5, overwrite=True)
    assert len(sampler.drawn) == 12 and not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("name", FORMS)
def test_where_nothing_was_drawn_nothing_is_left(write, tmp_path, name):
    sampler = Sampler()
    sampler.stop_at, sampler.error = 0, OSError(28, "No space left on device")
    with pytest.raises(TfdogsError, match=rf"^cannot write {tmp_path}/{name}: No space left on device$"):
        write(name, sampler)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_was_cut_goes_on_before_the_cut(tmp_path):
    path = tmp_path / "images"
    with FolderOfImages(path) as images:
        for _ in range(4):
            images.add(b"png IEND\xaeB`\x82")
    (path / "seeds.csv").write_text("half")
    (path / "image_00002.png").write_bytes(b"png IE")
    assert FolderOfImages(path).count == 2 and not (path / "seeds.csv").exists()


@pytest.mark.parametrize("cut", [1, 35, 60, 61, 10**6])
def test_a_zip_that_was_cut_anywhere_goes_on_and_is_the_same(tmp_path, cut):
    whole, path = tmp_path / "whole", tmp_path / "images"
    for file in (whole, path):
        with ZipOfImages(file) as images:
            for i in range(4):
                images.add(b"png %d" % i)
    with path.open("r+b") as file:
        file.truncate(min(cut, whole.stat().st_size))
    with ZipOfImages(path) as images:
        assert images.count == min(cut // 50, 4)  # each takes 30 bytes, its name of 15 and 5
        while images.count < 4:
            images.add(b"png %d" % images.count)
    assert path.read_bytes() == whole.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None and len(archive.namelist()) == 4


def test_what_is_counted_is_in_the_zip(tmp_path):
    """Else a full disk would be told one image too late."""
    path, now = tmp_path / "images", tmp_path / "now"
    with ZipOfImages(path) as images:
        images.add(b"png")
        now.write_bytes(path.read_bytes())
        with ZipOfImages(now) as there:
            assert there.count == images.count == 1


def test_a_zip_with_a_flipped_bit_goes_on_before_it(tmp_path):
    path = tmp_path / "images"
    with ZipOfImages(path) as images:
        for _ in range(3):
            images.add(b"png")
    data = bytearray(path.read_bytes())
    data[48 + 46] ^= 1  # in the second image
    path.write_bytes(data)
    images = ZipOfImages(path)
    assert images.count == 1
    with images:
        pass
