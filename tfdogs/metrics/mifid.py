"""The memorization-informed FID of the Generative Dog Images competition."""

import numpy as np

from tfdogs.metrics.checks import check_both
from tfdogs.metrics.neighbours import nearest

PUBLIC_EPS = 0.10  # the public board's, with Inception's features
PRIVATE_EPS = 0.25  # the private board's, with NASNet's


def memorization_distance(fakes, reals):
    """d: how near generated images come to training images, the mean over the FAKES of the least 1 - |cos|.

    Bai et al. 2021, "On Training Sample Memorization: Lessons from Benchmarking Generative Modeling with a
    Large-scale Competition", as the organisers computed it: rows whose sum is 0 are left out on both sides.

    Args:
        fakes: features of generated images [N, D].
        reals: features of the training images [M, D].

    Returns:
        A float in [0, 1].

    Raises:
        ValueError: the shapes are wrong, a value is not finite, or a side has no row whose sum is not 0.
    """
    reals, fakes = check_both(reals, fakes)
    return mean_distance(nearest(fakes, reals, measure="cosine")[0])


def mean_distance(distances):
    """Returns d of the fakes' distances to their nearest training images; infinite ones are left out.

    Raises:
        ValueError: none is finite.
    """
    distances = distances[np.isfinite(distances)]
    if not len(distances):
        raise ValueError("fakes must have a row whose sum is not 0")
    return float(distances.mean())


def mifid(fid, distance, eps):
    """FID / d where d is under eps, the FID itself otherwise.

    Args:
        fid: Fréchet distance.
        distance: d, see `memorization_distance`.
        eps: the most d that counts as memorized; `PUBLIC_EPS` and `PRIVATE_EPS` are the competition's. They
            belong to its extractors: another extractor has other distances.

    Returns:
        A float.
    """
    return fid / ((distance if distance < eps else 1.0) + 1e-15)
