import numpy as np
import pytest

from tfdogs.metrics import neighbours
from tfdogs.metrics.density_coverage import density_coverage


def draw(num_rows, seed=0, num_features=4):
    return np.random.default_rng(seed).standard_normal((num_rows, num_features))


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("block_rows", [None, 5])
def test_brute_force_agrees(k, block_rows, monkeypatch):
    if block_rows:
        monkeypatch.setattr(neighbours, "_BLOCK_BYTES", block_rows * 8 * 4)
    reals, fakes = draw(40), 0.7 * draw(33, 1) + 0.8
    reach = np.sort(np.linalg.norm(reals[:, None] - reals[None], axis=2), axis=1)[:, k]
    inside = np.linalg.norm(fakes[:, None] - reals[None], axis=2) <= reach
    density, coverage = density_coverage(reals, fakes, k=k)
    assert density == pytest.approx(inside.sum() / (k * 33))
    assert coverage == inside.any(axis=0).mean()
    assert 0 < coverage < 1


def test_expectations_of_the_paper():
    """Lemma 2: reals have a density of 1 and a coverage of 1 - (N - 1)...(N - k) / (2 N - 1)...(2 N - k)."""
    results = np.array([density_coverage(draw(100, seed), draw(100, 1000 + seed)) for seed in range(30)])
    density, coverage = results.mean(axis=0)
    assert density == pytest.approx(1, abs=0.03)
    steps = np.arange(1, 6)
    assert coverage == pytest.approx(1 - np.prod((100 - steps) / (200 - steps)), abs=0.01)


def test_an_outlier_among_the_reals_does_not_count_for_all():
    reals = np.concatenate([draw(50), [[1000.0] * 4]])
    density, coverage = density_coverage(reals, draw(50, 1) + 500)
    assert density == pytest.approx(1 / 5)  # in the outlier's neighbourhood alone
    assert coverage == pytest.approx(1 / 51)


def test_copies():
    points = draw(20).astype(np.float32)
    density, coverage = density_coverage(points, points)
    assert coverage == 1
    assert density == pytest.approx(6 / 5)  # every neighbourhood holds its own row and k others
    same = np.full((8, 3), 0.3)
    assert density_coverage(same, same).coverage == 1


def test_too_few_reals_are_refused():
    with pytest.raises(ValueError, match=r"less than the number of rows, 5\. Received: 5"):
        density_coverage(draw(5), draw(50))
    assert density_coverage(draw(6), draw(1)).coverage >= 0
