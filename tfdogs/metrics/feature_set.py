"""Features of images, extracted once and scored many times."""

import contextlib
import functools
from pathlib import Path

import numpy as np

from tfdogs.errors import TfdogsError
from tfdogs.metrics.gaussian import Gaussian
from tfdogs.metrics.moments import Moments


class FeatureSet:
    """What an extractor made of an image set; row i is of image i.

    Args:
        pool: float32 [N, num_features], finite; may be memory-mapped.
        probabilities: float32 [N, num_classes], or None where the extractor has none.
        stamp: the extractor's `Stamp`.
        name: what the images are, for people.
        key: hex digest of the images and the extractor, or "".
        image_set: the `ImageSet` itself, or None.
        indices: int64 [N], which images of a larger set these are; default: all of it, in order.
        directory: folder in which the moments are kept, or None.

    Attributes:
        pool, probabilities, stamp, name, key, image_set, indices: as given; `pool` is None of images that are
            known by their moments only.
        labels: the image set's, "" without one.
    """

    def __init__(
        self,
        pool,
        probabilities=None,
        *,
        stamp,
        name="",
        key="",
        image_set=None,
        indices=None,
        directory=None,
    ):
        self.pool = pool
        self.probabilities = probabilities
        self.stamp = stamp
        self.name = name
        self.key = key
        self.image_set = image_set
        self.labels = "" if image_set is None else image_set.labels
        self.indices = np.arange(len(pool)) if indices is None else indices
        self._path = None if directory is None else Path(directory, "moments.npz")

    @classmethod
    def of_moments(cls, moments, *, stamp, name=""):
        """Returns what is known of images whose features were not kept.

        Args:
            moments: their `Moments`.
            stamp, name: as of the class.
        """
        features = cls(np.zeros((0, moments.num_features), np.float32), stamp=stamp, name=name)
        features.pool, features.moments = None, moments
        return features

    def __len__(self):
        """Returns the number of images."""
        return self.moments.count if self.pool is None else len(self.pool)

    @functools.cached_property
    def moments(self):
        """The `Moments` of all rows; in the cache beside them once they were asked for."""
        if self._path is not None and self._path.is_file():
            with contextlib.suppress(TfdogsError):  # damaged: made anew
                moments, facts = Moments.load(self._path)
                if facts.get("key") == self.key and moments.count == len(self):
                    return moments
        moments = Moments.from_features(self.pool)
        if self._path is not None:
            with contextlib.suppress(OSError, TfdogsError):  # a cache that others filled may be read-only
                moments.save(self._path, key=self.key)
        return moments

    @functools.cached_property
    def gaussian(self):
        """The `Gaussian` of all rows: of few made of them directly, which is the most exact."""
        few = self.pool is not None and len(self) <= self.pool.shape[1]
        return Gaussian.of(self.pool if few else self.moments)
