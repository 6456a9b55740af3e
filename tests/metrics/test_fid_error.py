"""The FID's error is that of independent draws of fakes, alike or unlike the reals, many or few."""

import numpy as np
import pytest

from tfdogs.metrics.fid_error import fid_error
from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.gaussian import Gaussian
from tfdogs.metrics.left_out import left_out
from tfdogs.metrics.moments import Moments

WIDTH = 40
SCALES = np.linspace(0.3, 1.5, WIDTH)
# What the fakes are, whose reals are normal with the deviations SCALES.
KINDS = {
    "alike": lambda z: z * SCALES,
    "shifted": lambda z: z * SCALES + 0.3,
    "of other shape": lambda z: z * SCALES[::-1],
    "less varied": lambda z: z * SCALES * 0.8,
}


def known(deviations):
    """The moments of a normal distribution, as if of very many rows."""
    moments = Moments(WIDTH)
    moments.count, moments.scatter = 10**9, np.diag(np.square(deviations)) * (10**9 - 1)
    return moments


REALS = Gaussian.of(known(SCALES))


@pytest.mark.parametrize("ratio", [0.3, 0.5, 1, 2, 4, 10, 50])
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_calibrated(kind, ratio):
    rng, count = np.random.default_rng(0), round(ratio * WIDTH)

    def draw():
        return KINDS[kind](rng.standard_normal((count, WIDTH)))

    true = np.std([frechet_distance(draw(), REALS) for _ in range(250)], ddof=1)
    reported = np.mean([fid_error(draw(), REALS) for _ in range(25)])
    assert 0.8 < reported / true < 1.25


def test_seed_decides_and_reals_may_be_features():
    rng = np.random.default_rng(1)
    fakes, reals = rng.standard_normal((2, 90, WIDTH))
    first, again, other = (fid_error(fakes, reals, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert first == pytest.approx(other, rel=0.2)
    assert fid_error(fakes, Moments.from_features(reals), seed=1) == pytest.approx(first)


def test_few_fakes_and_fakes_that_are_all_alike():
    rng = np.random.default_rng(2)
    fakes = rng.standard_normal((5, WIDTH))
    found = left_out(fakes, REALS)
    assert fid_error(fakes, REALS) == pytest.approx((found.jackknife * found.infinitesimal) ** 0.25)
    assert fid_error(np.ones((9, WIDTH)), REALS) == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="at least 3 fakes"):
        fid_error(fakes[:2], REALS)
