import numpy as np
import pytest

from tfdogs.metrics import fid_infinity as module_or_function
from tfdogs.metrics.fid_infinity import fid_infinity
from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.gaussian import Gaussian
from tfdogs.metrics.moments import Moments

NUM_FEATURES = 32


def known(mean, deviations):
    """The moments of a normal distribution without correlations, as if of very many rows."""
    moments = Moments(NUM_FEATURES)
    moments.count, moments.mean = 10**9, np.full(NUM_FEATURES, mean)
    moments.scatter = np.diag(np.square(deviations)) * (10**9 - 1)
    return moments


DEVIATIONS = np.linspace(0.5, 1.5, NUM_FEATURES)
REALS = known(0.0, DEVIATIONS[::-1])
TRUE = frechet_distance(known(0.1, DEVIATIONS), REALS)


def fakes(seed, num_rows=400):
    return np.random.default_rng(seed).standard_normal((num_rows, NUM_FEATURES)) * DEVIATIONS + 0.1


def test_true_distance_is_as_computed_by_hand():
    assert pytest.approx(TRUE) == NUM_FEATURES * 0.01 + np.sum((DEVIATIONS - DEVIATIONS[::-1]) ** 2)


def test_extrapolation_is_nearer_to_the_truth():
    plain = np.array([frechet_distance(fakes(seed), REALS) for seed in range(8)])
    extrapolated = np.array([fid_infinity(fakes(seed), REALS).value for seed in range(8)])
    assert (plain > TRUE).mean() > 0.8
    assert abs(extrapolated.mean() - TRUE) < 0.3 * abs(plain.mean() - TRUE)
    assert np.sqrt(np.mean((extrapolated - TRUE) ** 2)) < np.sqrt(np.mean((plain - TRUE) ** 2))


@pytest.mark.parametrize("ratio", [4, 10, 50])
@pytest.mark.parametrize("alike", [True, False])
def test_intervals_hold_the_truth_as_often_as_they_say(ratio, alike):
    draws, reals = 200 if ratio < 50 else 100, known(0.1, DEVIATIONS) if alike else REALS
    true, reals = 0.0 if alike else TRUE, Gaussian.of(reals)
    found = np.array([fid_infinity(fakes(seed, ratio * NUM_FEATURES), reals) for seed in range(draws)])
    covered = np.mean(np.abs(found[:, 0] - true) < 1.96 * found[:, 1])
    assert 0.9 <= covered <= 0.98
    assert 0.8 < np.mean(found[:, 1]) / np.std(found[:, 0], ddof=1) < 1.25


def test_many_features_of_equal_variance_leave_less_bias_than_error():
    """The hardest case: alike, as few fakes as are taken, and no feature that outweighs the others."""
    reals = Gaussian(np.zeros(320), np.eye(320), regular=True)
    rng = np.random.default_rng(0)
    found = np.array([fid_infinity(rng.standard_normal((1280, 320)), reals) for _ in range(3)])
    assert abs(found[:, 0].mean()) < found[:, 1].mean()


def test_seed_decides():
    first, again, other = (fid_infinity(fakes(0), REALS, seed=seed) for seed in (1, 1, 2))
    assert first == again and first.value != other.value
    assert first.value == pytest.approx(other.value, abs=first.error)


@pytest.mark.parametrize("num_rows", [127, 8])
def test_where_the_bias_is_no_constant_over_n_nothing_is_extrapolated(num_rows):
    with pytest.raises(
        ValueError, match=f"at least 128 fakes, four times the features. Received: {num_rows}"
    ):
        fid_infinity(fakes(0, num_rows), REALS)


def test_with_just_enough_fakes_the_truth_is_not_missed():
    found = [fid_infinity(fakes(seed, 128), REALS).value for seed in range(12)]
    plain = np.mean([frechet_distance(fakes(seed, 128), REALS) for seed in range(12)])
    assert abs(np.mean(found) - TRUE) < 0.2 * (plain - TRUE)


def test_the_package_gives_the_function_and_not_its_module():
    assert module_or_function is fid_infinity
