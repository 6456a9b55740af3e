"""Which images of a batch go to which replica."""

import dataclasses
from typing import Optional

import tensorflow as tf

from tfdogs.errors import UsageError


@dataclasses.dataclass(frozen=True)
class Share:
    """What some replicas get of every batch.

    A batch has parts, which a training step takes one after the other, as for several steps of the
    discriminator. Each part is cut into equal runs of images, one a replica in the order of their ids: a
    step on many replicas sees part by part the images of a step on one.

    Attributes:
        replicas: how many there are altogether.
        first: the first of those that get this share.
        count: how many of them get it; default: all from `first` on.
        parts: of a batch.
    """

    replicas: int
    first: int = 0
    count: Optional[int] = None
    parts: int = 1

    def check(self, batch_size):
        """Raises a `UsageError` where a batch cannot be shared out evenly."""
        if batch_size % (self.replicas * self.parts):
            raise UsageError(
                f"batch_size must be a multiple of {self.replicas} replicas x {self.parts} parts. "
                f"Received: {batch_size}"
            )

    def cut(self, values):
        """Cuts a batch up.

        Args:
            values: tensor [N, ...], N static.

        Returns:
            Tensor [count, N / replicas, ...]: what each of these replicas gets.
        """
        rest = values.shape[1:]
        size = values.shape[0] // (self.replicas * self.parts)
        cut = tf.reshape(values, [self.parts, self.replicas, size, *rest])
        last = None if self.count is None else self.first + self.count
        cut = tf.experimental.numpy.swapaxes(cut[:, self.first : last], 0, 1)
        return tf.reshape(cut, [-1, self.parts * size, *rest])
