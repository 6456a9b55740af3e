"""Whether images have the range that training wants."""

import numpy as np
import tensorflow as tf

_LIMIT = 1.25  # what resizing overshoots is fine
_WANTED = "images must be uint8, or floating in [-1, 1]"
_SCALED = f"{_WANTED}: cast those of 0 to 255 to uint8. Received: floating images from"
_POSITIVE = f"{_WANTED}: take 2 * x - 1 of those of 0 to 1. Received: floating images from"


class FirstBatch:
    """Checks in a step's graph the range of the first batch after `expect`.

    Later batches are not checked, since in a small one no pixel may be dark.
    """

    def __init__(self):
        once = tf.VariableAggregation.ONLY_FIRST_REPLICA
        self._due = tf.Variable(True, trainable=False, aggregation=once, name="first_batch")

    def expect(self):
        """Has the next batch checked."""
        self._due.assign(True)

    def __call__(self, images):
        """Returns the images [N, H, W, C]; only floating ones are checked.

        Raises:
            tf.errors.InvalidArgumentError: when it runs, they have another range.
        """
        if not images.dtype.is_floating:
            return images
        values = tf.cast(images, tf.float32)
        # Of no images, as a replica may have, the range is empty.
        low, high = tf.reduce_min(values), tf.reduce_max(values)
        done = ~self._due | tf.equal(tf.size(values), 0)
        checks = [
            tf.debugging.Assert(done | ~fault, [message, low, "to", high])
            for fault, message in zip(_faults(low, high), (_SCALED, _POSITIVE))
        ]
        with tf.control_dependencies(checks):
            self._due.assign(False)
            return tf.identity(images)


def check(images, name, batch_size):
    """Checks the first batch of images in memory; what else there is, is left to `FirstBatch`.

    Args:
        images: what `fit` takes.
        name: of the argument.
        batch_size: rows that are looked at.

    Raises:
        ValueError: they are floating ones of another range.
    """
    if not isinstance(images, (np.ndarray, tf.Tensor)) or not tf.as_dtype(images.dtype).is_floating:
        return
    values = np.asarray(images[:batch_size], np.float32)
    if not values.size:
        return
    low, high = values.min(), values.max()
    scaled, positive = _faults(low, high)
    if scaled or positive:
        raise ValueError(f"{name}: {_SCALED if scaled else _POSITIVE} {low:g} to {high:g}")


def _faults(low, high):
    """Returns whether the range is too large, NaN included, and whether it looks like 0 to 1."""
    inside = (low >= -_LIMIT) & (high <= _LIMIT)
    return ~inside, inside & (low >= 0.0) & (high > low)  # images of one value may be any
