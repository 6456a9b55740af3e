"""Crop policies by properties, cutting by closed forms."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from tfdogs.data import crops
from tfdogs.data.sources.base import Box

SQUARE_INSIDE = ("box_square", "box_expand", "multi", "box_and_full", "center")


@st.composite
def pictures(draw, only_whole=False):
    """A picture's size and one to three boxes in it, of whole or broken pixels."""
    width, height = draw(st.integers(1, 300)), draw(st.integers(1, 300))
    whole = only_whole or draw(st.booleans())

    def span(length):
        if whole:
            low = draw(st.integers(0, length - 1))
            return low, draw(st.integers(low + 1, length))
        low = draw(st.floats(0, length - 1))
        return low, min(low + draw(st.floats(1, length)), length)

    boxes = []
    for _ in range(draw(st.integers(1, 3))):
        (left, right), (top, bottom) = span(width), span(height)
        boxes.append(Box(left, top, right, bottom))
    return width, height, boxes


def rectangles(policy, width, height, boxes, margin=0.2):
    return [r for box in boxes for r in crops.POLICIES[policy](width, height, box, boxes, margin)]


def sides(box):
    return box.right - box.left, box.bottom - box.top


def contains(outer, inner, slack=1e-9):
    return (
        outer.left <= inner.left + slack
        and outer.top <= inner.top + slack
        and outer.right >= inner.right - slack
        and outer.bottom >= inner.bottom - slack
    )


@pytest.mark.parametrize("policy", [*SQUARE_INSIDE, "box_squash"])
@settings(max_examples=60, deadline=None)
@given(picture=pictures())
def test_rectangles_lie_inside_the_picture(policy, picture):
    width, height, boxes = picture
    for rectangle in rectangles(policy, width, height, boxes):
        assert contains(Box(0, 0, width, height), rectangle, slack=0)
        assert min(sides(rectangle)) > 0


@pytest.mark.parametrize("policy", [*SQUARE_INSIDE, "box_pad"])
@settings(max_examples=60, deadline=None)
@given(picture=pictures())
def test_rectangles_are_square(policy, picture):
    for rectangle in rectangles(policy, *picture):
        assert sides(rectangle)[0] == pytest.approx(sides(rectangle)[1], abs=1e-9)


@pytest.mark.parametrize("policy", ["box_square", "box_expand", "box_pad", "box_squash"])
@settings(max_examples=60, deadline=None)
@given(picture=pictures())
def test_a_box_that_fits_is_inside_its_rectangle(policy, picture):
    width, height, boxes = picture
    for box in boxes:
        if max(sides(box)) <= min(width, height):
            (rectangle,) = crops.POLICIES[policy](width, height, box, boxes, 0.2)
            assert contains(rectangle, box)
            assert max(sides(rectangle)) >= max(sides(box)) - 1e-9


@settings(max_examples=60, deadline=None)
@given(picture=pictures(), margin=st.floats(0, 2))
def test_side_of_the_square(picture, margin):
    width, height, boxes = picture
    for box in boxes:
        (square,) = crops.box_square(width, height, box, boxes, margin)
        (wider,) = crops.box_expand(width, height, box, boxes, margin)
        longer = max(sides(box))
        assert sides(square)[0] == pytest.approx(min(longer, width, height))
        assert sides(wider)[0] == pytest.approx(min(longer * (1 + 2 * margin), width, height))


@settings(max_examples=60, deadline=None)
@given(picture=pictures(only_whole=True))
def test_whole_and_broken_pixels_agree(picture):
    width, height, boxes = picture
    floats = [Box(*map(float, box)) for box in boxes]
    for policy in crops.POLICIES:
        found = rectangles(policy, width, height, boxes)
        assert found == rectangles(policy, float(width), float(height), floats)


@settings(max_examples=60, deadline=None)
@given(picture=pictures())
def test_multi_covers_both_ends_of_a_long_box(picture):
    width, height, boxes = picture
    for box in boxes:
        found = crops.multi(width, height, box, boxes, 0)
        if max(sides(box)) <= 1.5 * min(sides(box)):
            assert found == crops.box_square(width, height, box, boxes, 0)
            continue
        first, second = found
        assert sides(first)[0] == pytest.approx(min(sides(box)))
        assert (first.left, first.top) == pytest.approx((box.left, box.top))
        assert (second.right, second.bottom) == pytest.approx((box.right, box.bottom))


def test_the_full_crop_comes_once_a_picture():
    boxes = [Box(0, 0, 10, 10), Box(30, 10, 50, 30)]
    found = rectangles("box_and_full", 100, 60, boxes)
    assert found == [Box(0, 0, 10, 10), Box(20, 0, 80, 60), Box(30, 10, 50, 30)]
    assert rectangles("center", 100, 60, boxes) == [Box(20, 0, 80, 60)]


def test_a_square_is_shifted_into_the_picture():
    assert rectangles("box_square", 100, 50, [Box(80, 40, 100, 50)]) == [Box(80, 30, 100, 50)]
    assert rectangles("box_square", 100, 50, [Box(0, 0, 80, 10)]) == [Box(15, 0, 65, 50)]
    assert rectangles("box_pad", 100, 50, [Box(0, 0, 80, 10)]) == [Box(0, -35, 80, 45)]


@pytest.mark.parametrize(
    ("box", "clamped"),
    [
        (Box(-5, -5, 10, 10), Box(0, 0, 10, 10)),
        (Box(90, 40, 120, 70), Box(90, 40, 100, 50)),
        (Box(100, 0, 120, 20), None),
        (Box(-20, 0, 0, 20), None),
        (Box(99.5, 0, 120, 20), None),
        (Box(20, 20, 10, 30), None),
        (Box(float("nan"), 0, 10, 10), None),
        (Box(0, float("nan"), 10, 10), None),
    ],
)
def test_clamp(box, clamped):
    assert crops.clamp(box, 100, 50) == clamped


def test_likeness():
    a = Box(0, 0, 10, 10)
    assert crops.likeness(a, a) == 1
    assert crops.likeness(a, Box(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert crops.likeness(a, Box(10, 0, 20, 10)) == 0
    assert crops.likeness(a, Box(20, 20, 30, 30)) == 0


def test_a_fine_checkerboard_becomes_grey():
    pixels = np.indices((256, 256)).sum(0) % 2 * 255
    image = Image.fromarray(pixels.astype(np.uint8))
    small = np.asarray(crops.cut(image, Box(0, 0, 256, 256), 32), np.float64)
    np.testing.assert_allclose(small[2:-2, 2:-2], 127.5, atol=3)


def test_cutting_at_the_same_size_copies():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    cut = crops.cut(Image.fromarray(pixels), Box(10, 4, 42, 36), 32)
    np.testing.assert_array_equal(np.asarray(cut), pixels[4:36, 10:42])


@settings(max_examples=30, deadline=None)
@given(picture=pictures(), size=st.integers(16, 64), policy=st.sampled_from(sorted(crops.POLICIES)))
# 0.016... + 1 - 0.016... is under 1: a crop of one pixel that rounding made smaller than that.
@example(
    picture=(2, 1, [Box(0.016288849533192387, 0.0, 1.0162888495331923, 1.0)]), size=16, policy="box_squash"
)
def test_every_rectangle_can_be_cut(picture, size, policy):
    width, height, boxes = picture
    image = Image.new("RGB", (width, height), (10, 200, 30))
    for rectangle in rectangles(policy, width, height, boxes):
        cut = crops.cut(image, rectangle, size)
        assert cut.size == (size, size) and cut.mode == "RGB"
        assert cut.getextrema() == ((10, 10), (200, 200), (30, 30))


def test_an_overhang_is_reflected_at_the_edge():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60), np.uint8)
    cut = crops.cut(Image.fromarray(pixels), Box(-10, 20, 30, 60), 40)
    expected = np.pad(pixels, ((0, 20), (10, 0)), mode="symmetric")[20:60, :40]
    np.testing.assert_array_equal(np.asarray(cut), expected)


def test_an_overhang_larger_than_the_picture_is_reflected_again_and_again():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 40), np.uint8)
    cut = crops.cut(Image.fromarray(pixels), Box(0, -18, 40, 22), 40)
    expected = np.pad(pixels, ((18, 19), (0, 0)), mode="symmetric")
    np.testing.assert_array_equal(np.asarray(cut), expected)


def test_a_thread_of_a_picture_is_padded_in_little_memory():
    image = Image.new("L", (60_000, 1), 77)
    cut = crops.cut(image, Box(0, -29_999.5, 60_000, 30_000.5), 32)
    assert cut.size == (32, 32) and cut.getextrema() == (77, 77)
