"""KID as a Keras metric."""

import numpy as np
import tensorflow as tf

from tfdogs.metrics.checks import check_features
from tfdogs.metrics.keras_metrics.score_metric import ScoreMetric, agreed
from tfdogs.metrics.kid import block_distance


class KID(ScoreMetric):
    """The kernel distance of fakes and reals, block by block as they come, in memory that does not grow.

    `ScoreMetric` says how to use it; `tfdogs.metrics.kernel_distance` what it is, and gives the same where
    all blocks are full, or there is but one. A last block that is not full weighs as many images as it has,
    if these are 2 at least. Images should come in random order; features are taken in float32.

    Args:
        num_features: length of an image's features; not needed where one of the next two is given.
        extractor: `tfdogs.metrics.extractors.Extractor`; batches are images then. Default: they are features.
        reference: features of the reals [M, num_features] beforehand, M at least 2, cut into equal blocks of
            `block_size` and more, which are taken in turn. Without it, a batch needs as many reals as fakes.
        block_size: images of a side in a block, at least 2.
        name: default "kid".
    """

    def __init__(self, num_features=None, *, extractor=None, reference=None, block_size=1000, name="kid"):
        reference = None if reference is None else check_features(reference, "reference")
        known = None if reference is None else reference.shape[1]
        width = agreed("num_features", num_features, extractor, known)
        if block_size < 2 or (reference is not None and len(reference) < 2):
            raise ValueError(
                "block_size, and the rows of the reference, must be at least 2. "
                f"Received: {block_size} and {'none' if reference is None else len(reference)}"
            )
        super().__init__(width, extractor=extractor, reference=reference, name=name)
        self.block_size = block_size
        self._blocks = None
        if reference is not None:
            self._blocks = np.array_split(reference, max(1, len(reference) // block_size))
        self._fakes = self.variable("fakes", [block_size, width], "float32")
        self._reals = self.variable("reals", [block_size if self.needs_reals else 0, width], "float32")
        self._filled = self.variable("filled", dtype="int64")
        self._done = self.variable("blocks", dtype="int64")
        self._total = self.variable("total")

    @property
    def _state(self):
        return [self._fakes, self._reals, self._filled, self._done, self._total]

    def add(self, reals, fakes):
        if self.needs_reals:
            counts = tf.shape(reals)[0], tf.shape(fakes)[0]
            tf.debugging.assert_equal(*counts, f"{self.name} needs as many reals as fakes in every batch")
        else:
            reals = tf.zeros([0, self.width])
        batch = [tf.cast(rows, tf.float32) for rows in (fakes, reals)]
        values = tf.numpy_function(self._fill, [*self._state, *batch], [v.dtype for v in self._state])
        for variable, value in zip(self._state, values):
            variable.assign(tf.ensure_shape(value, variable.shape))

    def merge(self, other):
        filled = other._filled
        self.add(other._reals[:filled] if self.needs_reals else None, other._fakes[:filled])
        self._done.assign_add(other._done)
        self._total.assign_add(other._total)

    def result(self):
        """Returns the distance, a float64 scalar; NaN with fewer than two images."""
        return tf.ensure_shape(tf.numpy_function(self._value, self._state, tf.float64), [])

    def _fill(self, fakes, reals, filled, done, total, more_fakes, more_reals):
        fakes, reals = fakes.copy(), reals.copy()
        while len(more_fakes):
            rows = slice(filled, min(filled + len(more_fakes), self.block_size))
            taken = rows.stop - rows.start
            fakes[rows], more_fakes = more_fakes[:taken], more_fakes[taken:]
            if self.needs_reals:
                reals[rows], more_reals = more_reals[:taken], more_reals[taken:]
            filled = np.int64(rows.stop)
            if filled == self.block_size:
                total += block_distance(self._reals_of(reals, done), fakes)
                filled, done = np.int64(0), done + 1
        return fakes, reals, filled, done, total

    def _value(self, fakes, reals, filled, done, total):
        images = self.block_size * done
        if filled > 1:
            rest = block_distance(self._reals_of(reals[:filled], done), fakes[:filled])
            return (self.block_size * total + filled * rest) / (images + filled)
        return total / done if done else np.float64("nan")

    def _reals_of(self, rows, block):
        return rows if self.needs_reals else self._blocks[block % len(self._blocks)]

    def get_config(self):
        return {"num_features": self.width, "block_size": self.block_size, **super().get_config()}
