"""The Fréchet distances of a sample's parts: of all fakes but one, for each of them."""

import math
from typing import NamedTuple

import numpy as np

from tfdogs.metrics.checks import check_features
from tfdogs.metrics.gaussian import Gaussian

_EPSILON = np.finfo(np.float64).eps
_ROWS = 4096  # fakes that are in float64 at a time
_STEP, _MARGIN = 0.5, 7.0  # of the quadrature, in the logarithm of u


class LeftOut(NamedTuple):
    """Fréchet distances to the reals.

    Attributes:
        distance: of all fakes.
        without: of all but one, for each of them, float64 [N].
        influence: N times the derivative of `distance` by the share of each fake, float64 [N].
    """

    distance: float
    without: np.ndarray
    influence: np.ndarray

    @property
    def jackknife(self):
        """Estimate of the variance of `distance` over draws of fakes (Tukey 1958)."""
        return (len(self.without) - 1) * float(np.var(self.without))

    @property
    def infinitesimal(self):
        """The same by the infinitesimal jackknife (Jaeckel 1972)."""
        return float(np.var(self.influence)) / len(self.influence)

    @property
    def unbiased(self):
        """The distance without its bias of constant / N (Quenouille 1956)."""
        count = len(self.without)
        return count * self.distance - (count - 1) * float(np.mean(self.without))


def left_out(fakes, reals):
    """Returns the `LeftOut` of fakes: N distances for the price of one or two.

    Leaving a fake out takes a matrix v v^T away from the covariance, and

        tr (B - v v^T)^(1/2) - tr B^(1/2) = 1/pi * integral over u > 0 of log(1 - v^T (B + u^2)^-1 v) du,

    which follows from the integral for the root, and which a trapezoidal rule in log u gets to nine digits.

    Args:
        fakes: features [N, D], N at least 3.
        reals: what `frechet_distance` takes.

    Raises:
        ValueError: see `frechet_distance`, or too few fakes.
    """
    fakes, reals = check_features(fakes, "fakes"), Gaussian.of(reals)
    count, width = fakes.shape
    if count < 3 or width != len(reals.mean):
        raise ValueError(
            f"there must be at least 3 fakes of {len(reals.mean)} features. Received: {count} of {width}"
        )
    mean = np.mean(fakes, axis=0, dtype=np.float64)
    eigenvalues, rotation = _spectrum(fakes, mean, reals.factor)
    roots = np.sum(np.sqrt(eigenvalues))
    nodes = _nodes(eigenvalues)
    gap = mean - reals.mean
    shifts, squares, traces, slopes = np.empty((4, count))
    for start in range(0, count, _ROWS):
        here = slice(start, start + _ROWS)
        rows = fakes[here] - mean
        squares[here] = np.sum(rows**2, axis=1)
        shifts[here] = rows @ gap
        coordinates = ((rows @ reals.factor.T) @ rotation) ** 2
        traces[here] = _changes(coordinates * (count / (count - 1)), eigenvalues, nodes)
        slopes[here] = coordinates @ eigenvalues**-0.5
    scatter, real = np.sum(squares), np.sum(reals.factor**2)
    moved = np.sum(gap**2) - 2 * shifts / (count - 1) + squares / (count - 1) ** 2
    spread = (scatter - squares * (count / (count - 1))) / (count - 2)
    without = moved + spread + real - 2 * (roots + traces) / math.sqrt(count - 2)
    whole = np.sum(gap**2) + scatter / (count - 1) + real - 2 * roots / math.sqrt(count - 1)
    influence = 2 * shifts + (squares - math.sqrt(count - 1) * slopes) * (count / (count - 1))
    return LeftOut(float(whole), without, influence)


def _spectrum(fakes, mean, factor):
    """Returns eigenvalues over 0 of F X^T X F^T, [K], and their vectors, [R, K]; X are the centred fakes."""
    count, rank = len(fakes), len(factor)
    if count > rank:
        matrix = np.zeros((rank, rank))
        for start in range(0, count, _ROWS):
            rows = (fakes[start : start + _ROWS] - mean) @ factor.T
            matrix += rows.T @ rows
        values, vectors = np.linalg.eigh(matrix)
    else:
        _, roots, rows = np.linalg.svd((fakes - mean) @ factor.T, full_matrices=False)
        values, vectors = roots**2, rows.T
    kept = values > max(count, rank) * _EPSILON * values.max(initial=0.0)
    return values[kept], vectors[:, kept]


def _nodes(eigenvalues):
    """Returns the u of the quadrature, even in log u, beyond the eigenvalues' roots on both sides."""
    if not len(eigenvalues):
        return np.ones(1)
    low, high = (0.5 * math.log(end(eigenvalues)) for end in (np.min, np.max))
    count = math.ceil((high - low + 2 * _MARGIN) / _STEP) + 1
    return np.exp(low - _MARGIN + _STEP * np.arange(count))


def _changes(squares, eigenvalues, nodes):
    """Returns tr (B - v v^T)^(1/2) - tr B^(1/2), [n], of the squares of v's coordinates, [n, K]."""
    if not squares.size:
        return np.zeros(len(squares))
    shares = squares @ (1.0 / (eigenvalues[:, None] + nodes**2))
    values = np.log(np.maximum(1.0 - shares, _EPSILON))
    weights = _STEP * nodes
    # The rule's sums over the nodes that would follow: above log(1 - ...) falls as 1 / u^2, below it is a
    # constant, or log u^2 where v is the last of its direction.
    ratio = math.exp(-_STEP)
    weights[[0, -1]] /= 1 - ratio
    ends = (values[:, 0] - values[:, 1]) * (_STEP * nodes[0] * ratio / (1 - ratio) ** 2)
    return (values @ weights + ends) / math.pi
