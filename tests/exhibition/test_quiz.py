import numpy as np
import pytest
from PIL import Image

from tfdogs.exhibition import quiz
from tfdogs.exhibition.exhibits import Exhibit
from tfdogs.metrics.image_sets import Arrays
from tfdogs.sampling.grid import encode_png


def flat(colour, side, channels=3):
    return np.full((side, side, channels), colour, np.uint8)


def opened(path):
    with Image.open(path) as image:
        image.load()
        return image


@pytest.fixture
def make(tmp_path):
    """Returns a maker of a sheet of dark fakes and light reals; returns the quiz and its images."""

    def make(fakes=6, reals=8, side=8, real_side=8, count=8, seed=0, real_channels=3, grey=True):
        images, folder = tmp_path / "images", tmp_path / f"quiz{seed}{count}"
        images.mkdir(exist_ok=True)
        folder.mkdir()
        hung = [Exhibit(n, n, "", side, side) for n in range(fakes)]
        for one in hung:
            pixels = flat(10 + one.number, side)
            pixels[0, 0, 0] += 0 if grey else 90
            (images / one.name).write_bytes(encode_png(pixels))
        light = Arrays(np.stack([flat(200 + n, real_side, real_channels) for n in range(reals)]))
        flags = {"count": count, "seed": seed, "name_of_reals": "photographs"}
        made = quiz.write(hung, images, light, folder=folder, **flags)
        assert sorted(path.name for path in folder.iterdir()) == [
            quiz.name(i) for i in range(len(made.answers))
        ]
        return made, [opened(folder / quiz.name(i)) for i in range(len(made.answers))]

    return make


def test_half_are_real_and_the_answers_say_which(make):
    made, images = make()
    assert sum(made.answers) == 4 and len(images) == 8 and made.reals == "photographs"
    values = [int(np.asarray(image).mean()) for image in images]
    assert [value >= 200 for value in values] == list(made.answers)
    assert len(set(values)) == 8


def test_the_seed_decides(make, tmp_path):
    first, images = make(seed=3)
    shown = [image.tobytes() for image in images]
    (tmp_path / "quiz38").rename(tmp_path / "before")
    again, images = make(seed=3)
    assert again == first and [image.tobytes() for image in images] == shown
    assert any([image.tobytes() for image in make(seed=seed)[1]] != shown for seed in (4, 5))


@pytest.mark.parametrize("side, real_side, expected", [(8, 31, 8), (20, 9, 9), (300, 400, 256)])
def test_all_have_the_size_of_the_smallest(make, side, real_side, expected):
    made, images = make(side=side, real_side=real_side)
    assert made.side == expected and {image.size for image in images} == {(expected, expected)}


@pytest.mark.parametrize("grey, channels, mode", [(True, 3, "L"), (False, 3, "RGB"), (False, 1, "RGB")])
def test_grey_does_not_give_the_real_ones_away(make, grey, channels, mode):
    _, images = make(grey=grey, real_channels=channels, count=12)
    assert {image.mode for image in images} == {mode}


def test_few_of_one_kind_make_a_smaller_sheet(make):
    assert len(make(fakes=2)[1]) == 4
    assert len(make(reals=1, seed=1)[1]) == 2
