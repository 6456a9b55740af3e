"""How much features vary."""

import numpy as np


def effective_dimension(moments):
    """(Tr S)^2 / Tr(S^2) of the covariance S: how many directions of equal variance would vary as much.

    The participation ratio of S's eigenvalues. Of n samples it is at most n - 1.

    Args:
        moments: `tfdogs.metrics.Moments` of at least 2 rows.

    Returns:
        A float in [1, D]; 0 where nothing varies.

    Raises:
        ValueError: fewer than 2 rows were seen.
    """
    covariance = moments.covariance
    squares = float(np.sum(covariance**2))
    return float(np.trace(covariance) ** 2 / squares) if squares else 0.0


def total_variance(moments):
    """Tr S of the covariance S, in the features' squared unit; see `effective_dimension` for the rest."""
    return float(np.trace(moments.covariance))
