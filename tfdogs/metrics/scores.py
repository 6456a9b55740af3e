"""The scores by name: what each needs, and how it is made of features.

Where there is a choice it is made here, the same for all: KID in blocks of up to 1,000 images, fewer of the
larger side where the smaller one has too few for that many blocks; the Inception score in 10 splits, of fewer
than 1,000 images in one piece; precision, recall, density and coverage of at most 10,000 images a side
(`tfdogs.metrics.comparison.MOST_NEIGHBOURS`); all else of all images. A score's numbers of images say so.
"""

from typing import Callable, NamedTuple

import numpy as np

from tfdogs.metrics.density_coverage import density_coverage
from tfdogs.metrics.diversity import effective_dimension, total_variance
from tfdogs.metrics.dogs import dog_score
from tfdogs.metrics.fid_error import error_of
from tfdogs.metrics.fid_infinity import check_count, infinity_of, thirds
from tfdogs.metrics.inception_score import inception_score
from tfdogs.metrics.kid import kernel_distance
from tfdogs.metrics.mifid import PRIVATE_EPS, PUBLIC_EPS, mean_distance, mifid
from tfdogs.metrics.precision_recall import precision_recall
from tfdogs.metrics.score import Score

KID_BLOCK = 1000
SPLITS = 10
FEWEST_FOR_SPLITS = 1000  # images; fewer are scored in one piece


class Metric(NamedTuple):
    """One metric.

    Attributes:
        compute: `Comparison` -> list of `Score`s; raises ValueError where there are too few images.
        needs: what it cannot be computed without, out of "fakes" and "reals" (features of these images, not
            only their moments), "probabilities" and "imagenet".
    """

    compute: Callable
    needs: tuple = ()


def _fid(both):
    error = None
    if both.bootstrap and both.fakes.pool is not None and len(both.fakes) > 2:
        error = error_of(*both.left_out)
    return [_score(both, "fid", "FID", both.fid, error=error, better="lower")]


def _fid_infinity(both):
    check_count(both.fakes.pool)
    value, error = infinity_of(*both.left_out, thirds(both.fakes.pool, both.reference.gaussian, both.seed))
    return [_score(both, "fid_infinity", "FID-infinity", value, error=error, better="lower")]


def _kid(both):
    # Every block needs two images of each side: of the larger side no more than that is taken.
    most = KID_BLOCK * max(1, min(len(both.fakes), both.reference.num_images) // 2)
    reals, fakes = (both.few(features.pool, most) for features in (both.reference.features, both.fakes))
    size = min(KID_BLOCK, max(len(reals), len(fakes)))
    value, error = kernel_distance(reals, fakes, block_size=size, seed=both.seed)
    counts = {"num_fakes": len(fakes), "num_reals": len(reals), "note": f"blocks of up to {size}"}
    return [_score(both, "kid", "KID", value, error=error, better="lower", **counts)]


def _inception_score(both):
    probabilities, splits, order = both.fakes.probabilities, 1, None
    if len(probabilities) >= FEWEST_FOR_SPLITS:
        splits = SPLITS
        # Files are often sorted by class; a split is to be a sample of all.
        order = np.random.default_rng(both.seed).permutation(len(probabilities))
    value, error = inception_score(probabilities, splits=splits, order=order)
    facts = {"num_reals": 0, "note": f"{splits} splits" if splits > 1 else "1 split"}
    return [_score(both, "inception_score", "Inception score", value, error=error, better="higher", **facts)]


def _precision_recall(both):
    return _of_few(both, precision_recall(both.few_reals, both.few_fakes), ("precision", "recall"))


def _density_coverage(both):
    return _of_few(both, density_coverage(both.few_reals, both.few_fakes), ("density", "coverage"))


def _mifid(both):
    d = mean_distance(both.neighbours[0])
    label, counts = both.fakes.stamp.label, _counts(both)
    scores = [_score(both, "memorization_distance", "Memorisation distance d", d)]
    for name, eps in (("mifid_public", PUBLIC_EPS), ("mifid_private", PRIVATE_EPS)):
        value = mifid(both.fid, d, eps)
        # Never plain: the organisers' networks and pictures were theirs.
        title = f"MiFID eps {eps:.2f} ({label})"
        scores.append(Score(name, title, value, error=None, better="lower", **counts))
    return scores


def _dog_score(both):
    value, error = dog_score(both.fakes.probabilities)
    return [_score(both, "dog_score", "Dog score", value, error=error, better="higher", num_reals=0)]


def _breeds(both):
    entropy, missing = both.breeds.entropy, float(len(both.breeds.missing))
    return [
        _score(both, "breeds_entropy", "Entropy of breeds", entropy, better="higher", num_reals=0),
        _score(both, "breeds_missing", "Missing breeds", missing, better="lower", num_reals=0),
    ]


def _diversity(both):
    fakes, reals = both.fakes.moments, total_variance(both.reference.moments)
    if not reals:
        raise ValueError("the real images must not be all alike")
    ratio, dimension = total_variance(fakes) / reals, effective_dimension(fakes)
    return [
        _score(both, "effective_dimension", "Effective dimension", dimension, num_reals=0),
        _score(both, "variance_ratio", "Variance, fakes / reals", ratio),
    ]


def _of_few(both, values, names):
    counts = {"num_fakes": len(both.few_fakes), "num_reals": len(both.few_reals)}
    return [
        _score(both, name, name.capitalize(), value, better="higher", **counts)
        for name, value in zip(names, values)
    ]


def _score(both, name, metric, value, *, error=None, better="", **facts):
    facts = {**_counts(both), **facts}
    error = None if error is None else float(error)
    return Score(name, both.fakes.stamp.title(metric), float(value), error=error, better=better, **facts)


def _counts(both):
    return {"num_fakes": len(both.fakes), "num_reals": both.reference.num_images}


METRICS = {
    "fid": Metric(_fid),
    "fid_infinity": Metric(_fid_infinity, ("fakes",)),
    "kid": Metric(_kid, ("fakes", "reals")),
    "inception_score": Metric(_inception_score, ("fakes", "probabilities")),
    "precision_recall": Metric(_precision_recall, ("fakes", "reals")),
    "density_coverage": Metric(_density_coverage, ("fakes", "reals")),
    "mifid": Metric(_mifid, ("fakes", "reals")),
    "dog_score": Metric(_dog_score, ("fakes", "imagenet")),
    "breeds": Metric(_breeds, ("fakes", "imagenet")),
    "diversity": Metric(_diversity),
}
NAMES = tuple(METRICS)
