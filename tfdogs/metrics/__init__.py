"""Scores of generated images: of features in memory, and as Keras metrics.

The functions need only NumPy, so they are here at once: some bear the name of their module, which would hide
one that is looked up later. The classes are imported when they are first used: the Keras metrics, and what
scores whole sets of images, see `Evaluator`.
"""

import importlib

from tfdogs.metrics.density_coverage import density_coverage
from tfdogs.metrics.diversity import effective_dimension, total_variance
from tfdogs.metrics.dogs import breed_histogram, dog_score
from tfdogs.metrics.estimate import Estimate
from tfdogs.metrics.fid_error import fid_error
from tfdogs.metrics.fid_infinity import fid_infinity
from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.inception_score import inception_score
from tfdogs.metrics.kid import kernel_distance
from tfdogs.metrics.mifid import memorization_distance
from tfdogs.metrics.moments import Moments
from tfdogs.metrics.neighbours import nearest
from tfdogs.metrics.precision_recall import precision_recall, realism

_HOME = {
    "Arrays": "tfdogs.metrics.image_sets.arrays",
    "Evaluator": "tfdogs.metrics.evaluator",
    "FeatureCache": "tfdogs.metrics.feature_cache",
    "FeatureSet": "tfdogs.metrics.feature_set",
    "FID": "tfdogs.metrics.keras_metrics.fid",
    "InceptionScore": "tfdogs.metrics.keras_metrics.inception_score",
    "KID": "tfdogs.metrics.keras_metrics.kid",
    "MiFID": "tfdogs.metrics.keras_metrics.mifid",
    "PrecisionRecall": "tfdogs.metrics.keras_metrics.precision_recall",
    "Reference": "tfdogs.metrics.reference",
}
__all__ = [
    "Estimate",
    "Moments",
    "breed_histogram",
    "density_coverage",
    "dog_score",
    "effective_dimension",
    "fid_error",
    "fid_infinity",
    "frechet_distance",
    "inception_score",
    "kernel_distance",
    "memorization_distance",
    "nearest",
    "precision_recall",
    "realism",
    "total_variance",
    *_HOME,
]


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'tfdogs.metrics' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__():
    return sorted([*globals(), *_HOME])
