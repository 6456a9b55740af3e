"""The Inception score as a Keras metric."""

import tensorflow as tf

from tfdogs.metrics.keras_metrics.score_metric import ScoreMetric, agreed


class InceptionScore(ScoreMetric):
    """The Inception score of all fakes as one part, in memory that does not grow; reals are ignored.

    `ScoreMetric` says how to use it; `tfdogs.metrics.inception_score`, with `splits=1`, what it is.

    Args:
        num_classes: number of classes; not needed where there is an extractor.
        extractor: `tfdogs.metrics.extractors.Extractor` with classes; batches are images then. Default: they
            are class probabilities [N, num_classes].
        name: default "inception_score".
    """

    _FIELD = "probabilities"

    def __init__(self, num_classes=None, *, extractor=None, name="inception_score"):
        width = agreed("num_classes", num_classes, extractor)
        super().__init__(width, extractor=extractor, reference=None, name=name)
        self._count = self.variable("count")
        self._sum = self.variable("sum", [width])
        self._entropies = self.variable("entropies")

    @property
    def needs_reals(self):
        return False

    def add(self, reals, fakes):
        tf.debugging.assert_non_negative(fakes, f"{self.name} needs probabilities")
        fakes = tf.cast(fakes, tf.float64)
        fakes /= tf.reduce_sum(fakes, axis=1, keepdims=True)
        self._count.assign_add(tf.cast(tf.shape(fakes)[0], tf.float64))
        self._sum.assign_add(tf.reduce_sum(fakes, axis=0))
        self._entropies.assign_sub(tf.reduce_sum(tf.math.xlogy(fakes, fakes)))

    def merge(self, other):
        for variable, more in zip(self.variables, other.variables):
            variable.assign_add(more)

    def result(self):
        """Returns the score, a float64 scalar in [1, num_classes]; NaN without images."""
        mean = self._sum / self._count
        return tf.exp(-tf.reduce_sum(tf.math.xlogy(mean, mean)) - self._entropies / self._count)

    def get_config(self):
        return {"num_classes": self.width, "name": self.name, "extractor": self.extractor}
