"""Tests of the drawn demo data set."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.data import paper_sketch
from tfdogs.data.paper_breeds import BREEDS, SPECS
from tfdogs.data.paper_dogs import breed_of, draw

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """300 pictures, (300, 64, 64, 3) uint8."""
    return np.stack([np.asarray(draw(index)) for index in range(300)])


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return np.array([breed_of(index) for index in range(300)])


@pytest.mark.parametrize("index, seed, size", [(0, 0, 64), (17, 5, 28), (10**9, 2**40, 33), (4, 1, 128)])
def test_equal_arguments_give_equal_bytes(index, seed, size):
    first = draw(index, seed=seed, size=size)
    draw(index + 1, seed=seed, size=size)  # drawing another picture in between changes nothing
    again = draw(index, seed=seed, size=size)
    assert first.mode == "RGB" and first.size == (size, size)
    assert first.tobytes() == again.tobytes()
    assert breed_of(index, seed=seed) == breed_of(index, seed=seed)


def test_another_process_draws_the_same_without_tensorflow():
    code = (
        "import hashlib, sys\n"
        "from tfdogs.data.paper_dogs import breed_of, draw\n"
        "for i in (30, 2, 11):\n"
        "    print(hashlib.sha256(draw(i, seed=3).tobytes()).hexdigest(), breed_of(i, seed=3))\n"
        "print('tensorflow' in sys.modules)\n"
    )
    # Another hash seed: an order taken from a set or from hash() would show here.
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    *lines, tensorflow = done.stdout.splitlines()
    for i, line in zip((30, 2, 11), lines, strict=True):
        assert line == f"{hashlib.sha256(draw(i, seed=3).tobytes()).hexdigest()} {breed_of(i, seed=3)}"
    assert tensorflow == "False"


def test_default_seed_and_size():
    assert draw(6).tobytes() == draw(6, seed=0, size=64).tobytes()
    assert breed_of(6) == breed_of(6, seed=0)


def test_numpy_integers_are_taken():
    picture = draw(np.int64(6), seed=np.int32(2), size=np.int64(20))
    assert picture.tobytes() == draw(6, seed=2, size=20).tobytes()
    assert type(breed_of(np.int64(6))) is int


def test_no_two_pictures_are_equal(pictures):
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def test_seeds_give_other_dogs_and_another_order():
    assert all(draw(index, seed=0).tobytes() != draw(index, seed=1).tobytes() for index in range(10))
    assert [breed_of(i, seed=0) for i in range(26)] != [breed_of(i, seed=1) for i in range(26)]


def test_breeds_are_many_distinct_and_well_formed():
    assert len(BREEDS) >= 10
    assert len(set(BREEDS)) == len(BREEDS) == len(SPECS)
    assert tuple(spec.name for spec in SPECS) == BREEDS
    assert len({(spec.coats, spec.ears, spec.marks, spec.shape) for spec in SPECS}) == len(SPECS)
    known = {*paper_sketch.MARKS, "spots", "wrinkles", "beard", "topknot"}
    assert all(known.issuperset(spec.marks) for spec in SPECS)  # a misspelt mark would be left out silently
    assert {spec.ears for spec in SPECS} == set(paper_sketch.EARS)


@pytest.mark.parametrize("seed", [0, 9])
def test_labels_are_balanced(seed):
    found = [breed_of(index, seed=seed) for index in range(1000)]
    counts = np.bincount(found, minlength=len(BREEDS))
    assert len(counts) == len(BREEDS)
    assert counts.max() - counts.min() <= 1
    blocks = {tuple(found[i : i + len(BREEDS)]) for i in range(0, 10 * len(BREEDS), len(BREEDS))}
    assert len(blocks) == 10  # every block has its own order


def test_breeds_look_different(pictures, labels):
    means = np.stack([pictures[labels == b].mean(axis=0) for b in range(len(BREEDS))])
    gaps = np.abs(means[:, None] - means[None]).mean(axis=(2, 3, 4))
    np.fill_diagonal(gaps, np.inf)
    assert gaps.min() > 15.0  # of 255


def test_face_tells_the_breed(pictures, labels):
    """The nearest breed mean of one half names most dogs of the other half: the labels can be learnt."""
    faces = pictures[:, 16:48, 16:48].astype(np.float32)
    means = np.stack([faces[:150][labels[:150] == b].mean(axis=0) for b in range(len(BREEDS))])
    nearest = np.abs(faces[150:, None] - means[None]).mean(axis=(2, 3, 4)).argmin(axis=1)
    assert (nearest == labels[150:]).mean() > 0.85


def test_dogs_of_a_breed_differ(pictures, labels):
    for b in range(len(BREEDS)):
        group = pictures[labels == b].astype(np.float32)
        assert np.abs(group - group.mean(axis=0)).mean() > 15.0


def test_pictures_have_contrast(pictures):
    assert pictures.std(axis=(1, 2, 3)).min() > 25.0
    brightness = pictures.mean(axis=(1, 2, 3))
    assert brightness.min() > 60.0 and brightness.max() < 230.0


def test_dog_fills_the_middle_and_leaves_the_corners(monkeypatch):
    monkeypatch.setattr(paper_sketch.Sketch, "finish", lambda sketch, size, times: sketch.cover.reduce(times))
    for index in range(150):
        dog = np.asarray(draw(index)) > 0
        assert 0.45 < dog.mean() < 0.85
        assert dog[24:44, 24:40].all()
        assert not dog[:2, :2].any() and not dog[:2, -2:].any()
        assert not dog[-2:, :2].any() and not dog[-2:, -2:].any()


def test_one_dog_at_every_size():
    for index in range(4):
        small, large = draw(index, size=32), draw(index, size=256).reduce(8)
        gap = np.abs(np.asarray(small, np.float32) - np.asarray(large, np.float32)).mean()
        assert gap < 5.0


@settings(max_examples=25, deadline=None)
@given(index=st.integers(0, 2**70), seed=st.integers(0, 2**40), size=st.integers(16, 96))
def test_any_picture_can_be_drawn(index, seed, size):
    picture = draw(index, seed=seed, size=size)
    assert picture.mode == "RGB" and picture.size == (size, size)
    assert np.asarray(picture).std() > 15.0
    assert 0 <= breed_of(index, seed=seed) < len(BREEDS)


@pytest.mark.parametrize("size", [16, 1024])
def test_bounds_of_size_are_included(size):
    assert draw(1, size=size).size == (size, size)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: draw(-1), r"`index`.*Received: index=-1, seed=0$"),
        (lambda: draw(0, seed=-2), r"`seed`.*Received: index=0, seed=-2$"),
        (lambda: breed_of(-3), r"`index`.*Received: index=-3, seed=0$"),
        (lambda: breed_of(0, seed=-1), r"`seed`.*Received: index=0, seed=-1$"),
        (lambda: draw(0, size=15), r"`size`.*Received: 15$"),
        (lambda: draw(0, size=1025), r"`size`.*Received: 1025$"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_breed_is_frozen():
    with pytest.raises(AttributeError):
        SPECS[0].name = "cat"
