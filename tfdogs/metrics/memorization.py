"""Tells a generator that copies its training images from one that has learned from them."""

from typing import NamedTuple

import numpy as np

from tfdogs.metrics.neighbours import nearest

FEWEST = 50  # natural distances under which nothing can be said
_ENOUGH = 2000  # training images that are compared with the others where none were held out


class Memorization(NamedTuple):
    """How near fakes are to the training images, beside real images that are no training images.

    Attributes:
        distance: d, the fakes' mean distance to the nearest training image (MiFID's d).
        natural_distance: the same for real images that the generator cannot have copied.
        near: share of the fakes that are nearer to a training image than nearly all of those, in [0, 1].
        reason: why this is memorization, a clause in English; empty where it is not.
    """

    distance: float
    natural_distance: float
    near: float
    reason: str

    def to_dict(self):
        """Returns the fields as a plain dict."""
        return self._asdict()


def judge(distances, natural_distances, *, ratio=0.5, percentile=1.0, share=0.1):
    """Compares the fakes' distances to the training images with those of unseen real images.

    No threshold on the distance itself is needed, so this works with any extractor and data. Two rules:
    the mean d is under `ratio` times the natural one (the generator copies), or more than `share` of the
    fakes lie nearer to a training image than the `percentile` of the unseen ones do (it copies now and then).
    Mirrored and re-cropped copies count: on Stanford Dogs at 64 px, seen by EfficientNet-Lite0, unseen dogs
    have d 0.29, mirrored training images 0.03, training images without 4 px at the edges 0.05.

    Distances that are not finite, of images without a neighbour, are left out.

    Args:
        distances: float [N], each fake's distance to the nearest training image.
        natural_distances: float [M], the same for real images that are not among the training images, or of
            training images to the nearest other one; M at least 50.
        ratio: default 0.5.
        percentile: in [0, 100], default 1.
        share: in [0, 1], default 0.1; of unseen images `percentile` / 100 would be expected.

    Returns:
        `Memorization`, or None where no fake has a neighbour.

    Raises:
        ValueError: too few natural distances.
    """
    distances, natural = (_finite(x) for x in (distances, natural_distances))
    if len(natural) < FEWEST:
        raise ValueError(f"natural_distances must be at least {FEWEST}. Received: {len(natural)}")
    if not len(distances):
        return None
    mean, natural_mean = float(distances.mean()), float(natural.mean())
    near = float(np.mean(distances < np.percentile(natural, percentile)))
    reason = ""
    if mean < ratio * natural_mean:
        reason = f"its images are {mean:.3f} from the nearest training images, unseen ones {natural_mean:.3f}"
    elif near > share:
        reason = (
            f"{100 * near:.0f} % of its images are nearer to a training image than "
            f"{100 - percentile:g} % of unseen ones"
        )
    return Memorization(mean, natural_mean, near, reason)


def natural_distances(reals, heldout=None):
    """Returns how far real images lie from the training images that they are not, MiFID's distance.

    Args:
        reals: float32 [N, D], features of the training images.
        heldout: float32 [M, D], features of real images that are no training images. None, or fewer than
            50: up to 2,000 of the training images take their place, each compared with all others.

    Returns:
        float64 [M], or [min(N, 2000)], or fewer: images without a neighbour are left out. Empty where there
        are fewer than 50 images of either kind.
    """
    if heldout is not None and len(heldout) >= FEWEST:
        return _finite(nearest(heldout, reals)[0])
    if len(reals) < FEWEST:
        return np.zeros(0)
    chosen = np.linspace(0, len(reals) - 1, min(len(reals), _ENOUGH)).round().astype(np.int64)
    distances, indices = nearest(reals[chosen], reals, k=2)
    # With duplicates among the images, an image need not be its own first neighbour.
    return _finite(np.where(indices[:, 0] == chosen, distances[:, 1], distances[:, 0]))


def _finite(distances):
    distances = np.asarray(distances, np.float64).reshape(-1)
    return distances[np.isfinite(distances)]
