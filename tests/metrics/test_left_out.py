import numpy as np
import pytest

from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.gaussian import Gaussian
from tfdogs.metrics.left_out import left_out
from tfdogs.metrics.moments import Moments


def draw(num_rows, seed=0, num_features=12):
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((num_rows, num_features)) @ rng.standard_normal((num_features,) * 2)).astype(
        np.float32
    )


SIZES = [(40, 300), (13, 300), (12, 300), (5, 300), (3, 300), (40, 8), (6, 8)]


@pytest.mark.parametrize(("num_fakes", "num_reals"), SIZES)
def test_it_is_the_distance_of_all_but_one_for_each(num_fakes, num_reals):
    fakes, reals = 0.5 + 0.7 * draw(num_fakes, 1), draw(num_reals)
    found = left_out(fakes, reals)
    assert found.distance == pytest.approx(frechet_distance(fakes, reals), rel=1e-9)
    expected = [frechet_distance(np.delete(fakes, i, axis=0), reals) for i in range(num_fakes)]
    np.testing.assert_allclose(found.without, expected, rtol=1e-6)


def test_reals_may_be_moments_and_features_may_be_dead_or_of_very_different_size():
    fakes, reals = draw(50, 1) * np.logspace(-4, 3, 12), draw(90) * np.logspace(-4, 3, 12)
    fakes[:, 3] = reals[:, 3] = 0.25
    found = left_out(fakes, Moments.from_features(reals))
    expected = [frechet_distance(np.delete(fakes, i, axis=0), reals) for i in range(50)]
    np.testing.assert_allclose(found.without, expected, rtol=1e-5)
    alike = left_out(np.full((5, 12), 0.5), reals)
    np.testing.assert_allclose(alike.without, alike.distance, rtol=1e-12)


def test_variance_and_bias_are_those_of_the_jackknife():
    found = left_out(draw(20, 1), draw(99))
    mean = found.without.mean()
    assert found.jackknife == pytest.approx(19 / 20 * np.sum((found.without - mean) ** 2))
    assert found.unbiased == pytest.approx(20 * found.distance - 19 * mean)


@pytest.mark.parametrize("num_fakes", [30, 9])
def test_influence_is_the_derivative_by_a_fakes_share(num_fakes):
    fakes, reals = 0.3 + draw(num_fakes, 1).astype(np.float64), draw(200)
    found, step = left_out(fakes, reals), 1e-3 / num_fakes
    real = Gaussian.of(reals)
    assert found.infinitesimal == pytest.approx(np.var(found.influence) / num_fakes)
    for i in (0, 4):
        moved = []
        for sign in (-1, 1):
            shares = np.full(num_fakes, (1 - sign * step) / num_fakes)
            shares[i] += sign * step
            mean = shares @ fakes
            factor = (fakes - mean) * np.sqrt(shares * num_fakes / (num_fakes - 1))[:, None]
            moved.append(frechet_distance(Gaussian(mean, factor, regular=False), real))
        slope = (moved[1] - moved[0]) / (2 * step)
        assert slope == pytest.approx(found.influence[i] - found.influence.mean(), rel=1e-3)


def test_two_fakes_and_other_widths_are_refused():
    with pytest.raises(ValueError, match=r"at least 3 fakes of 12 features\. Received: 2 of 12"):
        left_out(draw(2), draw(20))
    with pytest.raises(ValueError, match=r"of 12 features\. Received: 5 of 4"):
        left_out(draw(5, num_features=4), draw(20))
