"""The FID of infinitely many fakes, extrapolated."""

import math

import numpy as np

from tfdogs.metrics.checks import check_features
from tfdogs.metrics.estimate import Estimate
from tfdogs.metrics.fid_error import growth, halves, parts
from tfdogs.metrics.gaussian import Gaussian
from tfdogs.metrics.left_out import left_out


def fid_infinity(fakes, reals, *, seed=0):
    """FID without the bias of few fakes, which makes every FID of n fakes too high by about a constant / n.

    Chong and Forsyth 2020, "Effectively Unbiased FID and Inception Score and where to find them". Their line
    through the FIDs of random subsets is replaced by the jackknife (Quenouille 1956), which draws none:
    leaving out every fake in turn tells the constant / n. What is left, of 1 / n^2 and 1 / n^3, is told by
    the same with halves and thirds of the fakes (Richardson 1911). The bias of few reals stays.

    Args:
        fakes: features [N, D], N at least 4 D: with fewer the bias is no constant / n, and the value would be
            under the truth.
        reals: what `frechet_distance` takes.
        seed: of the halves and thirds.

    Returns:
        `Estimate`: the error is the standard error over draws of fakes, see `fid_error`.

    Raises:
        ValueError: see `frechet_distance`; or the fakes are too few.
    """
    fakes, reals = check_features(fakes, "fakes"), Gaussian.of(reals)
    check_count(fakes)
    return infinity_of(left_out(fakes, reals), halves(fakes, reals, seed), thirds(fakes, reals, seed))


def check_count(fakes):
    """Raises ValueError where features [N, D] are too few to extrapolate from."""
    least = max(4 * fakes.shape[1], 9)
    if len(fakes) < least:
        raise ValueError(
            f"there must be at least {least} fakes, four times the features. Received: {len(fakes)} fakes"
        )


def thirds(fakes, reals, seed):
    """Returns the `LeftOut` of three thirds of the fakes, drawn at random, and not as the halves were."""
    return parts(fakes, reals, 3, (seed, 3))


def infinity_of(whole, of_halves, of_thirds):
    """Returns the `Estimate` of the `LeftOut` of all fakes, given those of the halves and the thirds."""
    one, two, three = (np.mean([part.unbiased for part in some]) for some in ([whole], of_halves, of_thirds))
    # Without 1 / n^2 it is (4 one - two) / 3, and without 1 / n^3 too it is (18 one - 9 two + 2 three) / 11.
    # The first is over the truth by about as much as the second is under it: of both the mean.
    value = (98 * one - 38 * two + 6 * three) / 66
    return Estimate(float(value), _error(whole, of_halves))


def _error(whole, of_halves):
    # The jackknife is `single` + 2 `pairs`, of halves 2 `single` + 8 `pairs`. In the value a pair of fakes
    # has the weight (98 - 2 * 38 [in one half] + 3 * 6 [in one third]) / 66: its mean square is 1468 / 1089.
    variance = math.sqrt(whole.jackknife * whole.infinitesimal)
    pairs = variance * (min(growth(whole, of_halves), 4.0) - 2) / 4
    return math.sqrt(variance - 2 * pairs + pairs * 1468 / 1089)
