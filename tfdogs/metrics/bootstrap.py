"""How far an FID would move if other fakes were drawn."""

import numpy as np

from tfdogs.metrics.checks import check_features
from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.gaussian import Gaussian
from tfdogs.metrics.moments import Moments


def bootstrap_fid(fakes, reals, *, rounds=10, seed=0):
    """Estimates the standard error of the FID of N fakes, by drawing N of them with replacement, repeatedly.

    Efron 1979, "Bootstrap Methods: Another Look at the Jackknife". Only the spread is of use: the mean of the
    rounds is higher than the FID, as drawing with replacement loses variety.

    Args:
        fakes: features [N, D], N at least 2.
        reals: what `frechet_distance` takes; it stays as it is.
        rounds: how often, at least 2; default 10, which gives the error within a quarter or so.
        seed: of the draws.

    Returns:
        The standard deviation over the rounds, a float.

    Raises:
        ValueError: see `frechet_distance`; or too few rounds.
    """
    if rounds < 2:
        raise ValueError(f"rounds must be at least 2. Received: {rounds}")
    fakes, reals = check_features(fakes, "fakes"), Gaussian.of(reals)
    draws = np.random.default_rng(seed).multinomial(len(fakes), np.full(len(fakes), 1 / len(fakes)), rounds)
    distances = [frechet_distance(_drawn(fakes, counts), reals) for counts in draws]
    return float(np.std(distances, ddof=1))


def _drawn(fakes, counts):
    """Returns the `Gaussian` of one draw; only where rows are few are those that were drawn copied."""
    if np.count_nonzero(counts) > fakes.shape[1]:
        return Gaussian.of(Moments.from_features(fakes, counts=counts))
    return Gaussian.of(fakes, counts=counts)
