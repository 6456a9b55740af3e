import numpy as np
import pytest

from tfdogs.metrics import fid_infinity as module_or_function
from tfdogs.metrics.fid_infinity import _intercept, fid_infinity
from tfdogs.metrics.frechet import frechet_distance
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


def test_error_is_over_zero_and_seed_decides():
    first, again, other = (fid_infinity(fakes(0), REALS, points=5, seed=seed) for seed in (1, 1, 2))
    assert first == again and first.value != other.value
    assert 0 < first.error < first.value


def test_line_through_points_on_a_line():
    x = np.array([0.1, 0.2, 0.4])
    value, error = _intercept(x, 3 + 2 * x)
    assert value == pytest.approx(3) and error == pytest.approx(0, abs=1e-12)
    # By hand: points (0, 0), (1, 1), (2, 0); slope 0, residuals -1/3, 2/3, -1/3.
    value, error = _intercept(np.arange(3.0), np.array([0.0, 1.0, 0.0]))
    assert value == pytest.approx(1 / 3)
    assert error == pytest.approx(np.sqrt(2 / 3 * (1 / 3 + 1 / 2)))


@pytest.mark.parametrize("options", [{"points": 2}, {"smallest": 399}, {"smallest": 401}])
def test_too_few_sizes_are_refused(options):
    with pytest.raises(ValueError, match="at least 3 sizes"):
        fid_infinity(fakes(0), REALS, **options)


@pytest.mark.parametrize(("num_rows", "options"), [(127, {}), (3, {}), (400, {"smallest": 63})])
def test_where_the_bias_is_no_constant_over_n_nothing_is_extrapolated(num_rows, options):
    with pytest.raises(ValueError, match="at least 128 fakes, four times the features, and 64 in a subset"):
        fid_infinity(fakes(0, num_rows), REALS, **options)


def test_with_just_enough_fakes_the_truth_is_not_missed():
    found = [fid_infinity(fakes(seed, 128), REALS).value for seed in range(12)]
    plain = np.mean([frechet_distance(fakes(seed, 128), REALS) for seed in range(12)])
    assert abs(np.mean(found) - TRUE) < 0.2 * (plain - TRUE)


def test_the_package_gives_the_function_and_not_its_module():
    assert module_or_function is fid_infinity
