"""Density and coverage: precision and recall that outliers do not mislead."""

from typing import NamedTuple

import numpy as np

from tfdogs.metrics.checks import check_both
from tfdogs.metrics.neighbours import radii, squared_distances


class DensityCoverage(NamedTuple):
    """Both of the fakes among the reals.

    Attributes:
        density: how many reals' neighbourhoods a fake lies in, over k; 0 and more, about 1 for reals.
        coverage: share of the reals with a fake in their neighbourhood, in [0, 1].
    """

    density: float
    coverage: float


def density_coverage(reals, fakes, *, k=5):
    """How real the fakes look, and how much of the reals' variety they have.

    Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models", equations 4 and 5.
    A real's neighbourhood reaches to its k-th nearest real.

    Args:
        reals: features [M, D].
        fakes: features [N, D].
        k: default 5, the paper's; less than M.

    Returns:
        `DensityCoverage`.

    Raises:
        ValueError: the shapes are wrong, a value is not finite, or there are no more than k reals.
    """
    reals, fakes = check_both(reals, fakes)
    reach = radii(reals, k) ** 2
    inside, covered = 0, np.zeros(len(reals), bool)
    for _, j, distances in squared_distances(fakes, reals):
        near = distances <= reach[j]
        inside += int(near.sum())
        covered[j] |= near.any(axis=0)
    return DensityCoverage(inside / (k * len(fakes)), float(covered.mean()))
