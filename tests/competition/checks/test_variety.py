"""Images that are all alike, or that show nothing."""

import tracemalloc

import numpy as np
import pytest

from tfdogs.competition.checks.variety import Variety
from tfdogs.competition.picture import read
from tfdogs.data.paper_dogs import draw

DOGS = np.stack([np.asarray(draw(i, size=32)) for i in range(20)])


def verdict(images, png):
    check = Variety(32)
    for image in images:
        check.see(None, "", read(png(image)))
    return check.verdict()


def noisy(images, sigma):
    noise = np.random.default_rng(0).normal(0, sigma, images.shape)
    return (images + noise).clip(0, 255).astype(np.uint8)


def test_dogs_differ(png):
    found = verdict(DOGS, png)
    assert found.passed and not found.details, found
    assert found.numbers["spread"] == pytest.approx(np.sqrt(DOGS.astype(float).var(0).mean()))
    assert found.numbers["share_uniform"] == 0


def test_one_image_again_and_again(png):
    found = verdict(noisy(np.repeat(DOGS[:1], 20, 0), 3), png)
    assert not found.passed and len(found.details) == 2
    assert "levels between images" in found.figure and "nearly repeat another" in found.details[1]
    assert found.numbers["share_near_duplicates"] > 0.5


def test_a_few_images_again_and_again(png):
    found = verdict(noisy(np.repeat(DOGS[:4], 5, 0), 2), png)
    assert not found.passed and len(found.details) == 1 and found.numbers["spread"] > 16
    assert "of the images nearly repeat another, sane is 20%" in found.details[0]


def test_images_of_nothing(png):
    flat = noisy(np.full([2, 32, 32, 3], [[[[200, 30, 90]]]]), 1)
    found = verdict(np.concatenate([DOGS, flat]), png)
    assert not found.passed and found.details == ("9.1% of the images are nearly uniform, sane is 5%",)
    assert verdict(np.concatenate([DOGS, flat[:1]]), png).passed


def test_nothing_to_judge(png):
    check = Variety(32)
    check.see(None, "", None)
    assert check.verdict().figure == "no image could be judged" and not check.verdict().passed


def test_memory_does_not_grow_with_the_pixels(png):
    check, picture = Variety(32), read(png(DOGS[0]))
    check.see(None, "", picture)
    tracemalloc.start()
    for _ in range(500):
        check.see(None, "", picture)
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert grown < 500 * 100
