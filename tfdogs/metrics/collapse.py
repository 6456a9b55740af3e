"""Tells a generator that draws few images over and over from one that draws many."""

from typing import NamedTuple, Optional

from tfdogs.metrics.diversity import effective_dimension, total_variance
from tfdogs.metrics.dogs import breed_histogram


class Spread(NamedTuple):
    """How much images differ among themselves.

    Attributes:
        effective_dimension: (Tr S)^2 / Tr S^2 of the features' covariance S; 0 where nothing varies.
        total_variance: Tr S.
        breed_entropy: entropy of the top-1 breeds, in nats; None where the extractor knows no breeds.
        num_images: images that it was taken from.
    """

    effective_dimension: float
    total_variance: float
    breed_entropy: Optional[float]
    num_images: int

    def to_dict(self):
        """Returns the fields as a plain dict."""
        return self._asdict()


def spread(features, *, breeds):
    """Measures a `FeatureSet`.

    Args:
        features: `tfdogs.metrics.feature_set.FeatureSet` of at least two images.
        breeds: whether its probabilities are of ImageNet's classes, in their usual order.

    Returns:
        `Spread`.
    """
    return Spread(
        effective_dimension(features.moments),
        total_variance(features.moments),
        breed_histogram(features.probabilities).entropy if breeds else None,
        len(features),
    )


def judge(fakes, reals, *, dimension=0.2, variance=0.1, entropy=0.2):
    """Compares the fakes' spread with the reals'.

    The effective dimension of n images is less than that of their distribution: 1 / D_n = 1 / D + 1 / n.
    So the reals' is taken as it would be of as many images as there are fakes. The limits are wide,
    because young generators are poor in variety.

    Args:
        fakes: `Spread` of the generated images.
        reals: `Spread` of the training images.
        dimension: share of the reals' effective dimension that must be reached; default 0.2.
        variance: share of their total variance; default 0.1.
        entropy: share of their breeds' entropy; default 0.2.

    Returns:
        What has collapsed, a tuple of clauses in English; empty where nothing has, or the reals don't vary.
    """
    if not reals.total_variance > 0:
        return ()
    fewer = max(1 / fakes.num_images - 1 / reals.num_images, 0.0)
    expected = 1 / (1 / reals.effective_dimension + fewer)
    rules = [
        ("effective dimension", fakes.effective_dimension, expected, dimension),
        ("total variance", fakes.total_variance, reals.total_variance, variance),
    ]
    if fakes.breed_entropy is not None and reals.breed_entropy is not None:
        rules.append(("entropy of the breeds", fakes.breed_entropy, reals.breed_entropy, entropy))
    return tuple(
        f"the {name} of its images is {ours:.3g}, that of the training images {theirs:.3g}"
        for name, ours, theirs, least in rules
        if ours < least * theirs
    )
