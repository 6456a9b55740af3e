"""`tfdogs.metrics.Moments` in variables."""

import tensorflow as tf

from tfdogs.metrics.moments import Moments


class MomentState:
    """Count, mean and scatter of features, kept by a metric; the formulas are those of `Moments`.

    Args:
        metric: the `ScoreMetric` that holds the variables.
        name: what the features are.
    """

    def __init__(self, metric, name):
        self._count = metric.variable(f"{name}_count")
        self._mean = metric.variable(f"{name}_mean", [metric.width])
        self._scatter = metric.variable(f"{name}_scatter", [metric.width, metric.width])

    @property
    def tensors(self):
        """The state, for `read`."""
        return [tf.convert_to_tensor(variable) for variable in (self._count, self._mean, self._scatter)]

    def update(self, features):
        """Adds features, a tensor [N, width]."""
        rows = tf.cast(features, tf.float64)
        count = tf.cast(tf.shape(rows)[0], tf.float64)
        mean = tf.math.divide_no_nan(tf.reduce_sum(rows, axis=0), count)
        rows -= mean
        self._join(count, mean, tf.matmul(rows, rows, transpose_a=True))

    def merge(self, other):
        """Adds another state."""
        self._join(*other.tensors)

    def _join(self, count, mean, scatter):
        total = self._count + count
        delta = mean - self._mean
        share = tf.math.divide_no_nan(count, total)
        shift = delta * tf.sqrt(self._count * share)
        self._scatter.assign_add(scatter + shift[:, None] * shift)
        self._mean.assign_add(delta * share)
        self._count.assign(total)


def read(count, mean, scatter):
    """Returns the arrays of `MomentState.tensors` as `Moments`."""
    moments = Moments(len(mean))
    moments.count, moments.mean, moments.scatter = int(count), mean, scatter
    return moments
