"""The batches of an epoch after another, their order a function of the seed alone."""

import tensorflow as tf


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

    def order(epoch):
        shuffle_seed, flip_seed = (tf.stack([seed, 2 * epoch + stream]) for stream in (0, 1))
        rows = tf.range(count, dtype=tf.int64)
        rows = tf.random.experimental.stateless_shuffle(rows, shuffle_seed, alg="philox")
        coins = tf.random.stateless_uniform([count], flip_seed, 0, 2, tf.int32, alg="philox")
        return rows, coins == 1

    def take(rows, flips):
        some = tf.gather(images, rows)
        if flip:
            some = tf.where(flips[:, None, None, None], tf.reverse(some, [2]), some)
        return some, tf.gather(labels, rows)

    dataset = tf.data.Dataset.counter().map(order).rebatch(batch_size, drop_remainder=True)
    options = tf.data.Options()
    options.autotune.enabled = False  # it sleeps, and whoever ends the iterator waits for it
    options.experimental_optimization.apply_default_optimizations = False  # they would copy the images
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return dataset.map(take).prefetch(2).with_options(options)
