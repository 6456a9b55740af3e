import numpy as np
import pytest

from tfdogs.metrics.bootstrap import bootstrap_fid
from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.moments import Moments


def fakes(seed, num_rows=200):
    return np.random.default_rng(seed).standard_normal((num_rows, 8)) * np.linspace(0.5, 2, 8)


REALS = Moments.from_features(np.random.default_rng(99).standard_normal((5000, 8)))


def test_error_is_that_of_independent_draws():
    distances = [frechet_distance(fakes(seed), REALS) for seed in range(60)]
    errors = [bootstrap_fid(fakes(seed), REALS, rounds=20) for seed in range(5)]
    assert np.mean(errors) == pytest.approx(np.std(distances, ddof=1), rel=0.35)


def test_error_falls_with_the_root_of_the_number():
    few, many = (bootstrap_fid(fakes(0, n), REALS, rounds=30) for n in (200, 3200))
    assert few / many == pytest.approx(4, rel=0.5)


def test_rounds_are_fids_of_rows_drawn_with_replacement():
    draws = np.random.default_rng(7).multinomial(200, np.full(200, 1 / 200), 3)
    distances = [frechet_distance(np.repeat(fakes(0), counts, axis=0), REALS) for counts in draws]
    error = bootstrap_fid(fakes(0), REALS, rounds=3, seed=7)
    assert error == pytest.approx(np.std(distances, ddof=1), rel=1e-9)


def test_seed_decides():
    first, again, other = (bootstrap_fid(fakes(0), REALS, rounds=3, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_fewer_fakes_than_features():
    reals = np.random.default_rng(0).standard_normal((60, 30))
    error = bootstrap_fid(reals[:12] * 1.5, reals, rounds=5)
    assert 0 < error < frechet_distance(reals[:12] * 1.5, reals)


def test_one_round_is_refused():
    with pytest.raises(ValueError, match=r"rounds must be at least 2\. Received: 1"):
        bootstrap_fid(fakes(0), REALS, rounds=1)
    with pytest.raises(ValueError, match=r"fakes must be numbers"):
        bootstrap_fid(np.zeros(3), REALS)
