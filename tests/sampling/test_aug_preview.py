import numpy as np
import pytest

from tfdogs.augment.ada import ADA
from tfdogs.augment.diff_augment import DiffAugment
from tfdogs.sampling import aug_preview, table

REALS = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)


@pytest.fixture
def cells(monkeypatch):
    """What the sheet is made of, as it is handed to the table."""
    seen = {}
    plain = table.draw

    def draw(images, **titles):
        seen.update(images=images, **titles)
        return plain(images, **titles)

    monkeypatch.setattr(table, "draw", draw)
    return seen


def test_reals_then_every_strength(cells):
    sheet = aug_preview.draw(REALS, ADA(), strengths=(0.0, 0.5))
    assert sheet.dtype == np.uint8 and sheet.shape[-1] == 3
    assert cells["columns"] == ["real", "p = 0", "p = 0", "p = 0.5", "p = 0.5"]
    images = cells["images"]
    assert images.shape == (3, 5, 64, 64, 3)
    for column in range(3):
        np.testing.assert_array_equal(images[:, column], REALS)
    assert not np.array_equal(images[:, 3], REALS) and not np.array_equal(images[:, 3], images[:, 4])


def test_an_augmentation_without_a_strength(cells):
    grey = REALS[..., :1]
    aug_preview.draw(grey, DiffAugment("translation"), each=2)
    assert cells["columns"] == ["real", "1", "2"] and cells["images"].shape == (3, 3, 64, 64, 1)
    assert not np.array_equal(cells["images"][:, 1], cells["images"][:, 2])


def test_a_function_of_the_seed():
    def draw(seed):
        return aug_preview.draw(REALS, ADA(), strengths=(0.8,), each=1, seed=seed)

    np.testing.assert_array_equal(draw(1), draw(1))
    assert not np.array_equal(draw(1), draw(2))
