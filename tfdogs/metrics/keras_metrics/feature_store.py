"""A uniform sample of bounded size of all features that came by."""

import numpy as np
import tensorflow as tf


class FeatureStore:
    """Keeps up to `capacity` rows, in float32; of more, those with the least keys, which are random numbers.

    So it is a uniform sample without replacement (bottom-k sampling), the same whatever the batches, and two
    stores can be joined. An update costs as much as its own rows: those that were kept are not copied.

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
        """The state, for `read`: (rows, keys, count), a sample that was drawn in the order of its keys."""
        rows, keys, count = (tf.convert_to_tensor(x) for x in (self._rows, self._keys, self._count))
        # Which row is in which place depends on the batches.
        drawn = tf.argsort(keys, stable=True)
        order = tf.where(count > tf.size(keys, tf.int64), drawn, tf.range(tf.size(keys)))
        return [tf.gather(rows, order), tf.gather(keys, order), count]

    def update(self, features):
        """Adds features, a tensor [N, width]."""
        count = tf.convert_to_tensor(self._count)
        more = tf.shape(features, tf.int64)[0]
        keys = tf.numpy_function(_keys, [count, more], tf.float64)
        self._add(tf.cast(features, tf.float32), keys, more)

    def merge(self, other):
        """Adds another store."""
        rows, keys, count = other.tensors
        kept = tf.minimum(count, tf.size(keys, tf.int64))
        self._add(rows[:kept], keys[:kept], count)

    def _add(self, rows, keys, count):
        """Writes those of the rows that belong to the sample into the places of those that no longer do."""
        known, seen = tf.convert_to_tensor(self._keys), tf.convert_to_tensor(self._count)
        places, chosen = tf.numpy_function(_exchange, [known, seen, keys], [tf.int64, tf.int64])
        places.set_shape([None])
        chosen.set_shape([None])
        for variable, values in ((self._rows, rows), (self._keys, keys)):
            values = tf.ensure_shape(tf.gather(values, chosen), [None, *variable.shape[1:]])
            _write(variable, places, values)
        self._count.assign(seen + count)


def _write(variable, places, values):
    """Writes rows of a variable in place; on replicas in this one's copy, outside of them in all."""
    copies = [variable]  # not by `scatter_update`, which variables of Keras metrics on replicas have not got
    if tf.distribute.in_cross_replica_context():
        copies = tf.distribute.get_strategy().experimental_local_results(variable)
    for copy in copies:
        tf.raw_ops.ResourceScatterUpdate(resource=copy.handle, indices=places, updates=values)


def read(rows, count):
    """Returns the kept rows [n, width] of a store's arrays."""
    return rows[: min(int(count), len(rows))]


def _exchange(keys, count, more_keys):
    """Returns (places to be written, int64 [n]; which of the new rows go there, int64 [n])."""
    capacity, kept = len(keys), min(int(count), len(keys))
    stays = np.zeros(kept + len(more_keys), bool)
    stays[np.argsort(np.concatenate([keys[:kept], more_keys]), kind="stable")[:capacity]] = True
    chosen = np.flatnonzero(stays[kept:])
    free = np.concatenate([np.flatnonzero(~stays[:kept]), np.arange(kept, capacity)])
    return free[: len(chosen)].astype(np.int64), chosen.astype(np.int64)


def _keys(first, count):
    """Returns a number in [0, 1) for each of `count` indices, as good as random.

    SplitMix64 (Steele et al. 2014).
    """
    indices = np.arange(first, first + count)
    with np.errstate(over="ignore"):
        state = (indices.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)) * 2.0**-53
