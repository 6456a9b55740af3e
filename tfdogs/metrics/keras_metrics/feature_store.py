"""A uniform sample of bounded size of all features that came by."""

import numpy as np
import tensorflow as tf


class FeatureStore:
    """Keeps up to `capacity` rows, in float32; of more, those with the least keys, which are random numbers.

    So it is a uniform sample without replacement (bottom-k sampling), the same whatever the batches, and two
    stores can be joined.

    Args:
        metric: the `ScoreMetric` that holds the variables.
        name: what the features are.
        capacity: most rows.
    """

    def __init__(self, metric, name, capacity):
        self._rows = metric.variable(f"{name}_rows", [capacity, metric.width], "float32")
        self._keys = metric.variable(f"{name}_keys", [capacity])
        self._count = metric.variable(f"{name}_count", dtype="int64")

    @property
    def tensors(self):
        """The state, for `read`."""
        return [tf.convert_to_tensor(variable) for variable in (self._rows, self._keys, self._count)]

    def update(self, features):
        """Adds features, a tensor [N, width]."""
        self._assign(_insert, [tf.cast(features, tf.float32)])

    def merge(self, other):
        """Adds another store."""
        self._assign(_join, other.tensors)

    def _assign(self, function, more):
        dtypes = [tf.float32, tf.float64, tf.int64]
        values = tf.numpy_function(function, [*self.tensors, *more], dtypes)
        for variable, value in zip((self._rows, self._keys, self._count), values):
            variable.assign(tf.ensure_shape(value, variable.shape))


def read(rows, count):
    """Returns the kept rows [n, width] of a store's arrays."""
    return rows[: min(int(count), len(rows))]


def _insert(rows, keys, count, features):
    fresh = _keys(np.arange(count, count + len(features)))
    return _join(rows, keys, count, features, fresh, np.int64(len(features)))


def _join(rows, keys, count, more_rows, more_keys, more_count):
    capacity = len(rows)
    all_rows = np.concatenate([read(rows, count), read(more_rows, more_count)])
    all_keys = np.concatenate([read(keys, count), read(more_keys, more_count)])
    if len(all_rows) > capacity:
        kept = np.sort(np.argsort(all_keys, kind="stable")[:capacity])
        all_rows, all_keys = all_rows[kept], all_keys[kept]
    empty = capacity - len(all_rows)
    return np.pad(all_rows, ((0, empty), (0, 0))), np.pad(all_keys, (0, empty)), np.int64(count + more_count)


def _keys(indices):
    """Returns a number in [0, 1) for each index, as good as random: SplitMix64 (Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        state = (indices.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)) * 2.0**-53
