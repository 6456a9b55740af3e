"""What `fit` hands to a training step, as the GAN reads it, and what of it is this replica's."""

import dataclasses
from typing import Any, Optional

import keras
import tensorflow as tf

from tfdogs.data import pixels
from tfdogs.models import given_data, keras_arguments


@dataclasses.dataclass(frozen=True)
class Batch:
    """A replica's rows of a global batch, which the replicas need not share evenly.

    Attributes:
        images: float32 [n, H, W, C] in [-1, 1], n 1 or more: where a replica has got no image, a grey one
            stands in for it, which counts nothing.
        labels: int32 [n], or None.
        counts: images of each replica, int64 [replicas]; None where there is one replica.
        replica: index of this one.
    """

    images: tf.Tensor
    labels: Optional[tf.Tensor]
    counts: Optional[tf.Tensor] = None
    replica: Any = 0

    @property
    def count(self):
        """Images of this replica that count, an int64 scalar."""
        return tf.shape(self.images, tf.int64)[0] if self.counts is None else self.counts[self.replica]

    @property
    def total(self):
        """Images of all replicas, an int64 scalar."""
        return self.count if self.counts is None else tf.reduce_sum(self.counts)

    @property
    def share(self):
        """What a mean over this replica's images counts in that over all: a float32 scalar, or 1."""
        if self.counts is None:
            return 1
        return tf.cast(tf.cast(self.count, tf.float64) / tf.cast(self.total, tf.float64), tf.float32)

    @property
    def weight(self):
        """What a mean over this replica's images weighs in a metric: how many they are, float32."""
        return tf.cast(self.count, tf.float32)

    @property
    def mask(self):
        """What each of the images weighs in a metric: 1, or 0 where it only stands in; None for 1."""
        return None if self.counts is None else tf.minimum(self.weight, 1.0)

    @property
    def rows(self):
        """Rows of noise that each replica draws, int32 [replicas], for `Noise.among`; or None."""
        return None if self.counts is None else tf.maximum(tf.cast(self.counts, tf.int32), 1)

    def mean(self, numbers):
        """Returns the mean over all images of numbers that are means over each replica's, float32."""
        if self.counts is None:
            return numbers
        context = tf.distribute.get_replica_context()
        return context.all_reduce(tf.distribute.ReduceOp.SUM, self.share * numbers)


def unpack(data, image_shape, num_classes, check_range=None):
    """Takes images and labels out of what a data set yields. A collective of all replicas.

    Args:
        data: images or (images, labels); in the place of the images there may be a dict, such as tfds gives,
            with "image" and, where there are classes, "label". Labels are numbers [N] or [N, 1], or one-hot
            [N, num_classes].
        image_shape: (H, W, C) that the generator draws.
        num_classes: 0 where labels are not wanted.
        check_range: `tfdogs.models.image_range.FirstBatch`, or None.

    Returns:
        A `Batch`, with labels where there are classes.

    Raises:
        ValueError: images of another shape, labels that are none or missing where there are classes, or
            weights.
        tf.errors.InvalidArgumentError: when it runs, images of another shape that could not be known before,
            or of another range, or labels that are not in [0, num_classes).
    """
    images, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
    keras_arguments.refuse("fit", {"sample_weight": weights})
    if isinstance(images, dict) or isinstance(labels, dict):
        images, labels = given_data.of_dicts(images, labels, num_classes)
    images = tf.convert_to_tensor(given_data.images_of(images, "images"))
    given_data.check_batch(images, labels, image_shape, num_classes)
    images = given_data.shaped(images, image_shape)
    images = images if check_range is None else check_range(images)
    labels = given_data.numbers_of(labels, num_classes) if num_classes else None
    return _shared(pixels.to_float(images), labels)


def total(count):
    """Returns the sum of a scalar over all replicas. A collective."""
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return count
    return context.all_reduce(tf.distribute.ReduceOp.SUM, count)


def _shared(images, labels):
    """Returns the `Batch` of this replica's rows: all replicas tell each other how many they have got."""
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return Batch(images, labels)
    replica, count = context.replica_id_in_sync_group, tf.shape(images)[0]
    own = tf.one_hot(replica, context.num_replicas_in_sync, dtype=tf.int64) * tf.cast(count, tf.int64)
    counts = context.all_reduce(tf.distribute.ReduceOp.SUM, own)
    missing = tf.maximum(1 - count, 0)
    images = tf.pad(images, [[0, missing], [0, 0], [0, 0], [0, 0]])
    labels = None if labels is None else tf.pad(labels, [[0, missing]])
    return Batch(images, labels, counts, replica)


def split(batch, parts):
    """Splits a batch into parts whose sizes differ by one at most.

    Where a replica has fewer images than there are parts, some stand in several: no part is empty.

    Args:
        batch: `Batch`.
        parts: how many.

    Returns:
        A list of `Batch`.
    """
    if parts == 1:
        return [batch]
    rows = tf.shape(batch.images)[0]
    pieces = []
    for i in range(parts):
        start, end = _ends(rows, i, parts)
        counts = batch.counts
        if counts is not None:
            first, last = _ends(counts, i, parts)
            counts = tf.where(counts > 0, last - first, 0)
        labels = None if batch.labels is None else batch.labels[start:end]
        pieces.append(Batch(batch.images[start:end], labels, counts, batch.replica))
    return pieces


def _ends(count, i, parts):
    """Returns where part `i` of `count` rows begins and ends."""
    start = count * i // parts
    return start, tf.maximum(count * (i + 1) // parts, start + 1)
