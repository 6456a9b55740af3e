"""The FID of infinitely many fakes, extrapolated."""

import math

import numpy as np

from tfdogs.metrics.checks import check_features
from tfdogs.metrics.estimate import Estimate
from tfdogs.metrics.fid_error import growth, halves
from tfdogs.metrics.gaussian import Gaussian
from tfdogs.metrics.left_out import left_out


def fid_infinity(fakes, reals, *, seed=0):
    """FID without the bias of few fakes, which makes every FID of n fakes too high by about a constant / n.

    Chong and Forsyth 2020, "Effectively Unbiased FID and Inception Score and where to find them". Their line
    through the FIDs of random subsets is replaced by the jackknife (Quenouille 1956), which draws none:
    leaving out every fake in turn tells the constant / n. What is left falls as 1 / n^2, and the same with
    two halves of the fakes tells how much that is. The bias of few reals stays.

    Args:
        fakes: features [N, D], N at least 4 D: with fewer the bias is no constant / n, and the value would be
            under the truth.
        reals: what `frechet_distance` takes.
        seed: of the halves.

    Returns:
        `Estimate`: the error is the standard error over draws of fakes, see `fid_error`.

    Raises:
        ValueError: see `frechet_distance`; or the fakes are too few.
    """
    fakes, reals = check_features(fakes, "fakes"), Gaussian.of(reals)
    check_count(fakes)
    return infinity_of(left_out(fakes, reals), halves(fakes, reals, seed))


def check_count(fakes):
    """Raises ValueError where features [N, D] are too few to extrapolate from."""
    least = max(4 * fakes.shape[1], 8)
    if len(fakes) < least:
        raise ValueError(
            f"there must be at least {least} fakes, four times the features. Received: {len(fakes)} fakes"
        )


def infinity_of(whole, parts):
    """Returns the `Estimate` of the `LeftOut` of all fakes, given those of the halves."""
    of_halves = np.mean([part.unbiased for part in parts])
    return Estimate(float((4 * whole.unbiased - of_halves) / 3), _error(whole, parts))


def _error(whole, parts):
    # The jackknife is `single` + 2 `pairs`, of halves 2 `single` + 8 `pairs`; the halves' share in the value
    # makes the pairs' part of the variance 10/9 of what it is.
    variance = math.sqrt(whole.jackknife * whole.infinitesimal)
    pairs = variance * (min(growth(whole, parts), 4.0) - 2) / 4
    return math.sqrt(variance - 2 * pairs + pairs * 10 / 9)
