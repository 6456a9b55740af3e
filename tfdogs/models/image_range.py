"""Whether images have the range that training wants."""

import numpy as np
import tensorflow as tf

_LIMIT = 1.25  # what resizing overshoots is fine
_FAR = 10.0  # what no resizing overshoots
_WANTED = "images must be uint8, or floating in [-1, 1]"
_FLOATING = "Received: floating images from"
_TOO_FAR = f"{_WANTED}: cast those of 0 to 255 to uint8. {_FLOATING}"
_POSITIVE = f"{_WANTED}: take 2 * x - 1 of those of 0 to 1. {_FLOATING}"
_HALVED = f"{_WANTED}: take 2 * x of those of -0.5 to 0.5. {_FLOATING}"
_ZEROS_AND_ONES = f"{_WANTED} from 0 to 255: multiply those of 0 and 1 by 255. Received: uint8 images from"


class FirstBatch:
    """Checks in a step's graph the range of the first batch after `expect`.

    Of later batches only what no image has is refused, NaN and numbers far off: in a small one no pixel may
    be dark.
    """

    def __init__(self):
        once = tf.VariableAggregation.ONLY_FIRST_REPLICA
        self._due = tf.Variable(True, trainable=False, aggregation=once, name="first_batch")

    def expect(self):
        """Has the next batch checked."""
        self._due.assign(True)

    def __call__(self, images):
        """Returns the images [N, H, W, C]; on several replicas only floating ones are checked.

        Raises:
            tf.errors.InvalidArgumentError: when it runs, they have another range.
        """
        # Replicas meet where they write a variable: not for what hardly anybody gets wrong.
        alone = tf.distribute.get_replica_context().num_replicas_in_sync == 1
        if not images.dtype.is_floating and not (alone and images.dtype == tf.uint8):
            return images
        # Not in a `tf.cond`, in which no mirrored variable may be written.
        values = tf.cast(images, tf.float32)
        # Of no images, as a replica may have, the range is empty.
        low, high = tf.reduce_min(values), tf.reduce_max(values)
        none = tf.equal(tf.size(values), 0)
        faults = {
            message: fault & self._due
            for message, fault in _faults(low, high, images.dtype.is_floating).items()
        }
        if images.dtype.is_floating:
            faults[_TOO_FAR] |= ~((low >= -_FAR) & (high <= _FAR))
        checks = [
            tf.debugging.Assert(none | ~fault, [message, low, "to", high])
            for message, fault in faults.items()
        ]
        with tf.control_dependencies(checks):
            self._due.assign(self._due & none)
            return tf.identity(images)


def check(images, name, batch_size):
    """Checks the first batch of images in memory; what else there is, is left to `FirstBatch`.

    Args:
        images: what `fit` takes.
        name: of the argument.
        batch_size: rows that are looked at.

    Raises:
        ValueError: they have another range.
    """
    if not isinstance(images, (np.ndarray, tf.Tensor)):
        return
    dtype = tf.as_dtype(images.dtype)
    if not (dtype.is_floating or dtype == tf.uint8):
        return
    values = np.asarray(images[:batch_size])
    if not values.size:
        return
    low, high = np.float32(values.min()), np.float32(values.max())
    for message, fault in _faults(low, high, dtype.is_floating).items():
        if fault:
            raise ValueError(f"{name}: {message} {low:g} to {high:g}")


def _faults(low, high, floating):
    """Returns what may be wrong with a range, a dict from message to bool; images of one value may be any."""
    if not floating:
        return {_ZEROS_AND_ONES: (high <= 1.0) & (high > low)}
    inside = (low >= -_LIMIT) & (high <= _LIMIT)  # not so where there is NaN
    return {
        _TOO_FAR: ~inside,
        _POSITIVE: inside & (low >= 0.0) & (high > low),
        _HALVED: (low >= -0.501) & (low <= -0.45) & (high >= 0.45) & (high <= 0.501),
    }
