"""A normal distribution as Fréchet distances need it: the mean, and a factor of the covariance."""

from typing import NamedTuple

import numpy as np

from tfdogs.metrics.checks import check_features
from tfdogs.metrics.moments import Moments

_EPSILON = np.finfo(np.float64).eps
_CONSTANT = 1e-12  # a deviation under this share of the mean is rounding


class Gaussian(NamedTuple):
    """A normal distribution.

    Attributes:
        mean: float64 [D].
        factor: float64 [R, D]; the covariance is its transpose times it.
        regular: whether its rows are linearly independent for certain.
    """

    mean: np.ndarray
    factor: np.ndarray
    regular: bool

    @classmethod
    def of(cls, distribution, *, counts=None):
        """Returns the distribution with the mean and the sample covariance (N - 1) of some features.

        Args:
            distribution: numbers [N, D] with N of at least 2, their `Moments`, or a `Gaussian` already. Of an
                array with N <= D no covariance is made: its centred rows are the most exact factor.
            counts: int [N], how many times each row counts; default once. Only with an array.

        Raises:
            ValueError: the shape is wrong, there are fewer than two rows, or a value is not finite.
        """
        if isinstance(distribution, cls):
            return distribution
        if isinstance(distribution, Moments):
            return cls._of_moments(distribution)
        features = check_features(distribution)
        if counts is not None:
            features, counts = features[counts > 0], counts[counts > 0]
        if len(features) > features.shape[1]:
            return cls._of_moments(Moments.from_features(features, counts=counts))
        times = np.ones(len(features)) if counts is None else np.asarray(counts, np.float64)
        if times.sum() < 2:
            raise ValueError(f"a covariance needs at least 2 rows. Received: {int(times.sum())}")
        rows = features.astype(np.float64)
        mean = times @ rows / times.sum()
        return cls(mean, (rows - mean) * np.sqrt(times / (times.sum() - 1))[:, None], regular=False)

    @classmethod
    def _of_moments(cls, moments):
        covariance = moments.covariance
        variances = np.diagonal(covariance)
        # A feature that does not change, as of a dead unit, is a column of zeros in every factor.
        alive = np.flatnonzero(variances > (_CONSTANT * moments.mean) ** 2)
        factor, regular = _factor(covariance[np.ix_(alive, alive)])
        padded = np.zeros((len(factor), moments.num_features))
        padded[:, alive] = factor
        return cls(moments.mean, padded, regular)


def _factor(covariance):
    """Returns (F with F^T F the covariance, whether its rows are surely independent)."""
    noise = len(covariance) * _EPSILON
    try:
        lower = np.linalg.cholesky(covariance)
        # Rounding may lift the pivots of a singular matrix a hair over zero.
        if (np.diagonal(lower) ** 2 > noise * np.diagonal(covariance)).all():
            return lower.T, True
    except np.linalg.LinAlgError:
        pass
    values, vectors = np.linalg.eigh(covariance)
    kept = values > noise * values[-1]
    return (vectors[:, kept] * np.sqrt(values[kept])).T, False
