"""Precision, recall and realism: which images lie among the nearest neighbours of the others."""

from typing import NamedTuple

import numpy as np

from tfdogs.metrics.checks import check_both
from tfdogs.metrics.neighbours import radii, squared_distances

_EPSILON = np.finfo(np.float64).eps


class PrecisionRecall(NamedTuple):
    """Shares in [0, 1].

    Attributes:
        precision: of the fakes that lie among the reals.
        recall: of the reals that lie among the fakes.
    """

    precision: float
    recall: float


def precision_recall(reals, fakes, *, k=3):
    """How many fakes look real, and how much of the reals' variety the fakes have.

    Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing Generative Models",
    equations 1 and 2: a row lies among others where one of them has it within the distance of its own k-th
    nearest neighbour. Both depend on the numbers of rows: compare at equal ones.

    Args:
        reals: features [M, D].
        fakes: features [N, D].
        k: default 3, the paper's; less than M and N.

    Returns:
        `PrecisionRecall`.

    Raises:
        ValueError: the shapes are wrong, a value is not finite, or a side has no more than k rows.
    """
    reals, fakes = check_both(reals, fakes)
    real_reach, fake_reach = radii(reals, k) ** 2, radii(fakes, k) ** 2
    precise, recalled = np.zeros(len(fakes), bool), np.zeros(len(reals), bool)
    for i, j, distances in squared_distances(fakes, reals):
        precise[i] |= (distances <= real_reach[j]).any(axis=1)
        recalled[j] |= (distances <= fake_reach[i, None]).any(axis=0)
    return PrecisionRecall(float(precise.mean()), float(recalled.mean()))


def realism(reals, fakes, *, k=3):
    """How real every single fake looks: 1 and more for those that lie among the reals.

    Equation 3 of the same paper: the largest ratio of a real's distance to its k-th nearest neighbour to its
    distance to the fake. Only the half of the reals whose neighbours are nearer speak, as the paper has it.

    Args:
        reals: features [M, D].
        fakes: features [N, D].
        k: default 3; less than M.

    Returns:
        float64 [N]. A copy of a real has a large value, though a finite one: no distance counts as 0.

    Raises:
        ValueError: the shapes are wrong, a value is not finite, or there are no more than k reals.
    """
    reals, fakes = check_both(reals, fakes)
    reach = radii(reals, k) ** 2
    speaking = np.flatnonzero(reach <= np.median(reach))
    reals, reach = reals[speaking], reach[speaking]
    squares = np.zeros(len(fakes))
    least = max(reals.shape[1] * _EPSILON * reach.max(), np.finfo(np.float64).tiny)
    for i, j, distances in squared_distances(fakes, reals):
        ratios = np.maximum(reach[j], least) / np.maximum(distances, least)
        squares[i] = np.maximum(squares[i], ratios.max(axis=1))
    return np.sqrt(squares)
