"""The Fréchet distance between two sets of features, with Inception's known as FID."""

import numpy as np

from tfdogs.metrics.gaussian import Gaussian

_EPSILON = np.finfo(np.float64).eps
_TOLERANCE = 1e-9  # share of the trace that the fast way may be off


def frechet_distance(a, b):
    """|mu_a - mu_b|^2 + Tr(S_a + S_b - 2 (S_a S_b)^(1/2)), with sample covariances (N - 1).

    Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
    section 2 of the experiments. No matrix root is taken: for any factors with S = F^T F, the trace of the
    root is the sum of the singular values of F_a F_b^T.

    Args:
        a: features [N, D] with N of at least 2, their `tfdogs.metrics.Moments`, or a
            `tfdogs.metrics.gaussian.Gaussian`. Where N <= D, the features give the most exact result.
        b: the other set, likewise; the order of the two does not matter.

    Returns:
        A float, in the squared unit of the features. What rounding may leave under 0 is returned as 0.

    Raises:
        ValueError: the shapes are wrong or differ in D, a side has one row, or a value is not finite.
    """
    a, b = Gaussian.of(a), Gaussian.of(b)
    if len(a.mean) != len(b.mean):
        raise ValueError(f"both must have the same features. Received: {len(a.mean)} and {len(b.mean)}")
    distance = np.sum((a.mean - b.mean) ** 2) + np.sum(a.factor**2) + np.sum(b.factor**2)
    return max(0.0, float(distance - 2 * _trace_of_root(a, b)))


def _trace_of_root(a, b):
    cross = a.factor @ b.factor.T
    if not cross.size:
        return 0.0
    if a.regular and b.regular:
        # Their squares as eigenvalues come three times as fast, as exact unless some are near the rounding of
        # the largest.
        squares = np.linalg.eigvalsh(cross @ cross.T)
        rounding = _EPSILON * squares[-1]
        roots = np.sqrt(np.maximum(squares, rounding))
        if np.linalg.norm(rounding / roots) <= _TOLERANCE * np.sum(roots):
            return np.sum(roots)
    return np.sum(np.linalg.svd(cross, compute_uv=False))
