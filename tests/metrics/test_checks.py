import numpy as np
import pytest

from tfdogs.metrics import checks
from tfdogs.metrics.checks import check_features, probability_blocks


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(checks, "_ROWS", 4)


def probabilities(count):
    rows = np.random.default_rng(0).random((count, 5)).astype(np.float32)
    return rows / rows.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("order", [None, np.array([7, 3, 3, 0, 9])])
def test_blocks_are_the_rows_in_order(small_blocks, order):
    rows = probabilities(10)
    blocks = list(probability_blocks(rows, order=order))
    assert max(map(len, blocks)) <= 4 and {block.dtype for block in blocks} == {np.dtype(np.float64)}
    expected = rows if order is None else rows[order]
    np.testing.assert_allclose(np.concatenate(blocks), expected, rtol=1e-6)
    np.testing.assert_allclose(np.concatenate(blocks).sum(axis=1), 1, rtol=1e-15)


def test_the_row_that_is_wrong_is_named_also_in_a_later_block(small_blocks):
    rows = probabilities(10)
    rows[9, 2] = np.nan
    for check in (check_features, lambda rows: list(probability_blocks(rows))):
        with pytest.raises(ValueError, match="NaN or infinity in row 9"):
            check(rows)
    with pytest.raises(ValueError, match="NaN or infinity in row 9"):
        list(probability_blocks(rows, order=np.array([1, 9])))
    assert check_features(rows[:9]) is not None
    rows[9] = 1
    with pytest.raises(ValueError, match=r"sums of 1 to 5"):
        list(probability_blocks(rows))
