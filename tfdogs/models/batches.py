"""What `fit` hands to a training step, as the GAN reads it, and what of it is this replica's."""

import dataclasses
from typing import Any, Optional

import keras
import tensorflow as tf

from tfdogs.data import pixels
from tfdogs.models import keras_arguments


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
    if isinstance(images, dict):
        images, labels = _of_dict(images, labels)
    images = tf.convert_to_tensor(keras_arguments.images_of(images, "images"))
    if images.dtype == tf.string:
        raise ValueError("images must be uint8, or floating in [-1, 1]. Received: dtype string")
    if not images.shape[1:].is_compatible_with(image_shape):
        shape = tuple(images.shape[1:])
        raise ValueError(
            f"the generator draws images of shape {tuple(image_shape)}{_advice(shape, tuple(image_shape))}. "
            f"Received for training: shape {shape}"
        )
    if num_classes and labels is None:
        raise ValueError("the networks are conditional: fit needs labels beside the images. Received: none")
    # After images of two shapes Keras traces for any: what a second `fit` is given shows when it runs only.
    images = tf.ensure_shape(images, [None, *image_shape])
    images = images if check_range is None else check_range(images)
    return _shared(pixels.to_float(images), _numbers(labels, num_classes) if num_classes else None)


def _advice(shape, wanted):
    """Returns what to do about images of another shape, or ""."""
    height, width, channels = wanted
    if shape == (channels, height, width):
        return ": channels come last, transpose the images"
    if shape == wanted[:2]:
        return ": images need an axis of channels, images[..., None] for grey ones"
    if shape == wanted[1:]:
        return ": a data set has to be batched, by .batch(64) say"
    if len(shape) == 1:
        return ": latents are drawn in training, x are real images"
    if len(shape) == 3 and shape[2] == channels:
        return ": resize the images"
    return f": convert the images to {channels} channels" if shape[:2] == wanted[:2] else ""


def _of_dict(batch, labels):
    """Returns images and labels of a dict; labels that stand beside it go first."""
    image = next((name for name in ("image", "images") if name in batch), None)
    label = next((name for name in ("label", "labels") if name in batch), None)
    if image is None or isinstance(labels, dict):
        raise ValueError(
            'a batch that is a dict must have "image", and where there are classes "label" beside it. '
            f"Received: {', '.join(map(str, batch)) or 'nothing'}"
        )
    return batch[image], batch[label] if labels is None and label is not None else labels


def _numbers(labels, num_classes):
    """Returns labels as int32 [N]."""
    labels = tf.convert_to_tensor(labels)
    legal, shape = f"labels must be numbers in [0, {num_classes}) or one-hot", labels.shape
    if not (labels.dtype.is_floating or labels.dtype.is_integer):
        raise ValueError(f"{legal}. Received: dtype {labels.dtype.name}")
    if shape.rank == 0 or shape[1:].num_elements() not in (None, 1, num_classes):
        raise ValueError(f"{legal}, [N] or [N, {num_classes}]. Received: shape {tuple(shape)}")
    # After labels of two shapes Keras traces for any: which they are shows when it runs.
    width = tf.reduce_prod(tf.shape(labels)[1:])
    values = tf.reshape(tf.cast(labels, tf.float64), [tf.shape(labels)[0], width])

    def of_one_hot():
        numbers = tf.argmax(values, 1)
        return numbers, tf.reduce_all(tf.equal(values, tf.one_hot(numbers, num_classes, dtype=tf.float64)))

    def of_numbers():
        fine = (values >= 0) & (values < num_classes) & tf.equal(values, tf.floor(values))
        return tf.cast(values[:, 0], tf.int64), tf.reduce_all(fine) & tf.equal(width, 1)

    one_hot = tf.equal(width, num_classes) & (num_classes > 1)
    numbers, fine = tf.cond(one_hot, of_one_hot, of_numbers)
    received = [tf.reduce_min(values), "to", tf.reduce_max(values), "in rows of", width]
    with tf.control_dependencies([tf.debugging.Assert(fine, [f"{legal}. Received: values from", *received])]):
        return tf.cast(numbers, tf.int32)


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
