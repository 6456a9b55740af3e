"""Wrong conversions from what a network draws to bytes."""

import re

import numpy as np
import pytest

from tfdogs.competition.checks.values import Values
from tfdogs.competition.picture import RGB, Picture, read
from tfdogs.data.paper_dogs import draw

BYTES = np.stack([np.asarray(draw(i, size=64)) for i in range(20)])
TANH = BYTES.astype(np.float32) / 127.5 - 1


def verdict(images):
    check = Values(64)
    for image in images:
        check.see(None, "", Picture("", (64, 64), RGB, image))
    return check.verdict()


def wrapped(values):
    """What NumPy makes of floats where nothing clips them."""
    return values.astype(np.int32).astype(np.uint8)


def test_pictures_are_well_and_measured():
    found = verdict(BYTES)
    assert found.passed and not found.details and found.name == "values"
    numbers = found.numbers
    np.testing.assert_allclose(numbers["mean"], BYTES.mean((0, 1, 2)))
    np.testing.assert_allclose(numbers["std"], BYTES.std((0, 1, 2)))
    assert numbers["share_0"] == pytest.approx([(BYTES[..., c] == 0).mean() for c in range(3)])
    for share, name in ((0.01, "quantile_1"), (0.99, "quantile_99")):
        expected = [np.quantile(BYTES[..., c], share, method="inverted_cdf") for c in range(3)]
        assert numbers[name] == expected
    steps = np.abs(np.diff(BYTES.astype(int), axis=2))
    assert numbers["share_jumps"] == pytest.approx((steps >= 192).mean())
    assert found.figure.startswith(f"red {numbers['mean'][0]:.0f} ± ")


@pytest.mark.parametrize(
    ("images", "complaint"),
    [
        ((TANH * 255).clip(0, 255).astype(np.uint8), "over 25% is 0: clipped; were values in -1..1"),
        (wrapped(TANH * 255), r"of neighbours are 192 apart: bytes wrapped round; were values in -1..1"),
        (wrapped(TANH * 127.5), r"bytes wrapped round"),
        (((TANH + 1) / 2).round().astype(np.uint8), r"too dark; was \* 255 left out"),
        (wrapped(TANH), "too dark|clipped"),
        (BYTES // 4, "too dark"),
        ((((TANH + 1) / 2 + 1) / 2 * 255).astype(np.uint8), r"too bright; was \(x \+ 1\) / 2 done twice"),
        ((BYTES.astype(int) * 2).clip(0, 255).astype(np.uint8), "over 25% is 255: clipped"),
        (np.zeros_like(BYTES), "too dark"),
    ],
)
def test_wrong_conversions(images, complaint):
    found = verdict(images)
    assert not found.passed and re.search(complaint, "\n".join(found.details)), found
    assert len(found.details) <= 4


def test_a_dead_channel_is_named():
    images = BYTES.copy()
    images[..., 2] = 0
    found = verdict(images)
    assert not found.passed and all(text.startswith("blue: ") for text in found.details)


def test_other_sizes_and_colours_are_left_out(png):
    check = Values(64)
    for data in (png(BYTES[0, :32]), png(BYTES[0, ..., 0]), b"no picture"):
        check.see(None, "", read(data))
    check.see(None, "", None)
    found = check.verdict()
    assert not found.passed and found.figure == "no image could be judged"
