"""Random numbers of a training step as a function of (seed, images seen)."""

import enum

import tensorflow as tf


class Use(enum.IntEnum):
    """What a training step draws noise for: `noise.fold(use)` gives each numbers of its own."""

    LATENTS = 0
    SEEN_REALS = 1
    SEEN_FAKES = 2
    SEEN_BY_G = 3
    D_PENALTIES = 4
    G_PENALTIES = 5
    GENERATOR = 6
    REALS_SEEN_BY_G = 7
    INSTANCE_NOISE = 8


class Noise:
    """Stateless random numbers, so that nothing about them has to be saved for an exact resume.

    The first dimension of a shape counts images. Numbers are drawn for the whole global batch and each
    replica takes its own rows: the same images get the same numbers on one device and on many.

    Args:
        seed: int tensor [2].
        replica: index of this replica, an int or int32 scalar; default 0.
        replicas: number of replicas; default 1.
        rows: images of each replica, int32 [replicas]; None where all have as many as this one.
    """

    def __init__(self, seed, replica=0, replicas=1, *, rows=None):
        self._seed = seed
        self._replica = replica
        self._replicas = replicas
        self._rows = rows

    @classmethod
    def at(cls, seed, images_seen):
        """Returns the noise of the step that begins after `images_seen` images, for this replica."""
        context = tf.distribute.get_replica_context()
        images_seen = tf.cast(images_seen, tf.int64)  # the dtype counts: int32 would give other numbers
        folded = tf.random.experimental.stateless_fold_in(tf.constant([seed, 0], tf.int64), images_seen)
        return cls(folded, context.replica_id_in_sync_group, context.num_replicas_in_sync)

    def fold(self, use):
        """Returns independent noise for one use, named by an int or an integer scalar."""
        seed = tf.random.experimental.stateless_fold_in(self._seed, use)
        return Noise(seed, self._replica, self._replicas, rows=self._rows)

    def among(self, rows):
        """Returns the same noise for replicas that have `rows` images, int32 [replicas]; None for one."""
        return Noise(self._seed, self._replica, self._replicas, rows=rows)

    def some(self, part):
        """Returns the same noise for some of each replica's images: `part` makes their number of all's."""
        return self if self._rows is None else self.among(part(self._rows))

    def normal(self, shape):
        """Draws from N(0, 1): float32 of `shape`."""
        return self._draw(tf.random.stateless_normal, shape)

    def uniform(self, shape, low=0.0, high=1.0):
        """Draws from U[low, high): float32 of `shape`."""
        return low + (high - low) * self._draw(tf.random.stateless_uniform, shape)

    def _draw(self, draw, shape):
        shape = tf.convert_to_tensor(shape)
        if self._replicas == 1:
            return draw(shape, self._seed)
        rows = shape[0]
        total, start = rows * self._replicas, rows * self._replica
        if self._rows is not None:
            total, start = tf.reduce_sum(self._rows), tf.reduce_sum(self._rows[: self._replica])
        return draw(tf.concat([[total], shape[1:]], 0), self._seed)[start : start + rows]
