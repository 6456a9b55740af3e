"""A metric that compares the features themselves, so that it has to keep them."""

import abc

import numpy as np
import tensorflow as tf

from tfdogs.metrics.checks import check_features
from tfdogs.metrics.keras_metrics.feature_store import FeatureStore, read
from tfdogs.metrics.keras_metrics.score_metric import ScoreMetric, agreed


class StoreMetric(ScoreMetric):
    """Keeps up to `capacity` images' features of a side, of more a uniform sample, in float32.

    Args:
        num_features: length of an image's features; not needed where one of the next two is given.
        extractor: `tfdogs.metrics.extractors.Extractor`; batches are images then. None: they are features.
        reference: features of the reals [M, num_features] beforehand, all of which are used; or None.
        capacity: most images of a side; memory for all is taken at once.
        fewest: fewest images of a side that can be scored.
        size: how many numbers a score has.
        name: the metric's.
    """

    def __init__(self, num_features, *, extractor, reference, capacity, fewest, size, name):
        reference = None if reference is None else check_features(reference, "reference")
        known = None if reference is None else reference.shape[1]
        width = agreed("num_features", num_features, extractor, known)
        super().__init__(width, extractor=extractor, reference=reference, name=name)
        self.capacity = capacity
        self._fewest, self._size = fewest, size
        self._reals = FeatureStore(self, "reals", capacity) if self.needs_reals else None
        self._fakes = FeatureStore(self, "fakes", capacity)

    @abc.abstractmethod
    def score(self, reals, fakes):
        """Returns the `size` numbers of two arrays of features, at least `fewest` rows each."""

    def add(self, reals, fakes):
        if self.needs_reals:
            self._reals.update(reals)
        self._fakes.update(fakes)

    def merge(self, other):
        if self.needs_reals:
            self._reals.merge(other._reals)
        self._fakes.merge(other._fakes)

    def values(self):
        """Returns the `size` numbers, a list of float64 scalars; NaN with too few images."""
        reals = self._reals.tensors if self.needs_reals else []
        values = tf.numpy_function(self._values, [*self._fakes.tensors, *reals], tf.float64)
        return tf.unstack(tf.ensure_shape(values, [self._size]))

    def _values(self, rows, _, count, *reals):
        fakes = read(rows, count)
        reals = read(reals[0], reals[2]) if self.needs_reals else self.reference
        few = min(len(fakes), len(reals)) < self._fewest
        return np.full(self._size, np.nan) if few else np.array(self.score(reals, fakes), np.float64)

    def get_config(self):
        return {"num_features": self.width, "capacity": self.capacity, **super().get_config()}
