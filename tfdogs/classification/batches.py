"""The batches of an epoch after another, their order a function of the seed alone."""

import tensorflow as tf

from tfdogs.data.order import in_order, mirrored, order


def batches(images, labels, *, batch_size, seed=0, flip=True):
    """Returns the endless stream of batches of images in memory, as `tfdogs.data.feed.Feed` gives them.

    Every image comes once an epoch, batches straddle epochs, and order and flips of an epoch are drawn
    statelessly from (seed, epoch).

    Args:
        images: uint8 [N, H, W, C].
        labels: int32 [N].
        batch_size: images a batch, may exceed N.
        seed: int, 0 or more.
        flip: whether every image is mirrored left to right with probability 1/2, anew in every epoch.

    Returns:
        `tf.data.Dataset` of (uint8 [batch_size, H, W, C], int32 [batch_size]).
    """
    count = len(images)
    with tf.device("CPU:0"):
        images, labels = tf.constant(images), tf.constant(labels)  # captured, and so in no graph

    def take(rows, flips):
        some = tf.gather(images, rows)
        if flip:
            some = mirrored(some, flips)
        return some, tf.gather(labels, rows)

    epochs = tf.data.Dataset.counter().map(lambda epoch: order(seed, epoch, count))
    dataset = epochs.rebatch(batch_size, drop_remainder=True).map(take)
    return in_order(dataset.prefetch(2))
