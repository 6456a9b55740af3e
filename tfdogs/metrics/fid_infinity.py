"""The FID of infinitely many fakes, extrapolated."""

import math

import numpy as np

from tfdogs.metrics.checks import check_features
from tfdogs.metrics.estimate import Estimate
from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.gaussian import Gaussian


def fid_infinity(fakes, reals, *, points=10, smallest=None, seed=0):
    """FID without the bias of few fakes, which makes every FID of n fakes too high by about a constant / n.

    Chong and Forsyth 2020, "Effectively Unbiased FID and Inception Score and where to find them", section 4:
    the FIDs of random subsets of different sizes n, and a straight line through them over 1 / n. The bias of
    few reals stays.

    Args:
        fakes: features [N, D], N at least 4 D: with subsets of fewer than 2 D the bias is no constant / n,
            and the line would end under the truth.
        reals: what `frechet_distance` takes.
        points: how many sizes, evenly spaced from `smallest` to N; at least 3.
        smallest: fewest fakes of a subset, at least 2 D; default N / 10, as in the paper, or 2 D where that
            is more.
        seed: of the subsets.

    Returns:
        `Estimate`: the line's value at 1 / n = 0 and its standard error from the fit. That says how well the
        points lie on a line, not what other fakes would give: see `bootstrap_fid`.

    Raises:
        ValueError: see `frechet_distance`; or the sizes are too few.
    """
    fakes, reals = check_features(fakes, "fakes"), Gaussian.of(reals)
    least = 2 * fakes.shape[1]
    smallest = max(len(fakes) // 10, least) if smallest is None else smallest
    if len(fakes) < 2 * least or smallest < least:
        raise ValueError(
            f"there must be at least {2 * least} fakes, four times the features, and {least} in a subset. "
            f"Received: {len(fakes)} fakes, subsets from {smallest}"
        )
    sizes = np.unique(np.linspace(smallest, len(fakes), points).round().astype(np.int64))
    if len(sizes) < 3 or smallest > len(fakes):
        raise ValueError(
            "there must be at least 3 sizes of subsets. "
            f"Received: {points} points from {smallest} to {len(fakes)} fakes"
        )
    generator = np.random.default_rng(seed)
    subsets = [generator.choice(len(fakes), size, replace=False) for size in sizes]
    distances = [frechet_distance(fakes[np.sort(subset)], reals) for subset in subsets]
    return _intercept(1 / sizes, np.array(distances))


def _intercept(x, y):
    """Returns where the least squares line meets x = 0."""
    centred = x - x.mean()
    square = np.sum(centred**2)
    slope = np.sum(centred * y) / square
    value = y.mean() - slope * x.mean()
    variance = np.sum((y - value - slope * x) ** 2) / (len(x) - 2)
    return Estimate(float(value), math.sqrt(variance * (1 / len(x) + x.mean() ** 2 / square)))
