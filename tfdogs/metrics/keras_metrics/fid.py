"""FID as a Keras metric."""

import numpy as np
import tensorflow as tf

from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.gaussian import Gaussian
from tfdogs.metrics.keras_metrics.moment_state import MomentState, read
from tfdogs.metrics.keras_metrics.score_metric import ScoreMetric, agreed


class FID(ScoreMetric):
    """The Fréchet distance of all fakes and all reals, in memory that does not grow.

    `ScoreMetric` says how to use it; `tfdogs.metrics.frechet_distance` what it is. One result costs some
    seconds with 2,048 features, more while there are fewer images than features.

    Args:
        num_features: length of an image's features; not needed where one of the next two is given.
        extractor: `tfdogs.metrics.extractors.Extractor`; batches are images then. Default: they are features.
        reference: the reals beforehand: their `tfdogs.metrics.Moments`, or features [M, num_features].
        name: default "fid".

    Example:

        fid = tfdogs.metrics.FID(2048)
        for reals, fakes in batches_of_features:
            fid.update_state(reals, fakes)
        fid.result()
    """

    def __init__(self, num_features=None, *, extractor=None, reference=None, name="fid"):
        known = None if reference is None else Gaussian.of(reference)
        width = agreed("num_features", num_features, extractor, known and len(known.mean))
        super().__init__(width, extractor=extractor, reference=reference, name=name)
        self._known = known
        self._reals = MomentState(self, "reals") if self.needs_reals else None
        self._fakes = MomentState(self, "fakes")

    def add(self, reals, fakes):
        if self.needs_reals:
            self._reals.update(reals)
        self._fakes.update(fakes)

    def merge(self, other):
        if self.needs_reals:
            self._reals.merge(other._reals)
        self._fakes.merge(other._fakes)

    def result(self):
        """Returns the distance, a float64 scalar; NaN with fewer than two images of a side."""
        reals = self._reals.tensors if self.needs_reals else []
        distance = tf.numpy_function(self._distance, [*self._fakes.tensors, *reals], tf.float64)
        return tf.ensure_shape(distance, [])

    def _distance(self, *state):
        sides = [read(*state[start : start + 3]) for start in range(0, len(state), 3)]
        if min(side.count for side in sides) < 2:
            return np.float64("nan")
        known = [] if self.needs_reals else [self._known]
        return np.float64(frechet_distance(*sides, *known))

    def get_config(self):
        return {"num_features": self.width, **super().get_config()}
