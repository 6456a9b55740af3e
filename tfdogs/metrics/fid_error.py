"""How far an FID would move if other fakes were drawn."""

import math

import numpy as np

from tfdogs.metrics.checks import check_features
from tfdogs.metrics.gaussian import Gaussian
from tfdogs.metrics.left_out import left_out

_FEWEST = 8  # fakes that can be halved


def fid_error(fakes, reals, *, seed=0):
    """Estimates the standard error of the FID of N fakes, by leaving each of them out (the jackknife).

    Where the two distributions differ, the FID is nearly a mean over the fakes, and the jackknife is right.
    Where they are alike, only products of two fakes' deviations are left, as many as features allow, and it
    counts these twice (Efron and Stein 1981, "The Jackknife Estimate of Variance", section 3: k times what
    depends on k of them). Which it is shows in how fast the variance falls with the number, as 1 / N^k: it is
    estimated of two halves of the fakes too, and divided by k. With about as many fakes as features the
    jackknife is too large, the infinitesimal one too small, and their geometric mean about right.

    Args:
        fakes: features [N, D], N at least 3.
        reals: what `frechet_distance` takes; it stays as it is.
        seed: of the halves.

    Returns:
        The standard error, a float.

    Raises:
        ValueError: see `tfdogs.metrics.left_out.left_out`.
    """
    fakes, reals = check_features(fakes, "fakes"), Gaussian.of(reals)
    return error_of(left_out(fakes, reals), halves(fakes, reals, seed))


def halves(fakes, reals, seed):
    """Returns the `LeftOut` of two halves of the fakes, drawn at random; of few fakes there are none."""
    return parts(fakes, reals, 2, seed) if len(fakes) >= _FEWEST else []


def parts(fakes, reals, number, seed):
    """Returns the `LeftOut` of that many equal parts of the fakes, drawn at random."""
    order = np.random.default_rng(seed).permutation(len(fakes))
    return [left_out(fakes[np.sort(part)], reals) for part in np.array_split(order, number)]


def error_of(whole, of_halves):
    """Returns the standard error of the `LeftOut` of all fakes, given those of the halves."""
    variance = math.sqrt(whole.jackknife * whole.infinitesimal)
    order = min(max(math.log2(growth(whole, of_halves)), 1.0), 3.0)
    return math.sqrt(variance / order)


def growth(whole, of_halves):
    """Returns by how much the variance grows when the fakes are halved: 2 of a mean, 4 of products of two."""
    if not of_halves or not whole.infinitesimal > 0:
        return 2.0
    return max(float(np.mean([half.infinitesimal for half in of_halves])) / whole.infinitesimal, 2.0)
