"""What all streams of training images share: an epoch's order and flips, and the options of tf.data."""

import tensorflow as tf


def order(seed, epoch, count):
    """Draws the order of an epoch and its flips, statelessly from the seed and the epoch.

    Args:
        seed: int in [0, 2^63).
        epoch: int64 scalar tensor, 0 or more.
        count: images an epoch.

    Returns:
        A uniformly random permutation of the images' indices, int64 [count], and fair coins, bool [count].
    """
    # Not index_shuffle, which would save the permutation's memory: for fewer than 65,537 images it uses
    # only 8 bits of each word of its key, so that the order repeats every 256 epochs.
    shuffle_seed, flip_seed = (tf.stack([seed, 2 * epoch + stream]) for stream in (0, 1))
    indices = tf.range(count, dtype=tf.int64)
    indices = tf.random.experimental.stateless_shuffle(indices, shuffle_seed, alg="philox")
    coins = tf.random.stateless_uniform([count], flip_seed, 0, 2, tf.int32, alg="philox")
    return indices, coins == 1


def mirrored(images, flips):
    """Mirrors images [N, H, W, C] left to right where `flips`, bool [N], says so."""
    rows = tf.where(flips)  # to turn these alone takes a fifth of tf.where(flips, turned, images)
    turned = tf.reverse(tf.gather_nd(images, rows), [2])
    return tf.tensor_scatter_nd_update(images, rows, turned)


def in_order(dataset):
    """Returns a `tf.data.Dataset` that keeps its order, ends at once, and copies no captured images."""
    options = tf.data.Options()
    options.deterministic = True
    # The autotuner sleeps for up to a minute at a time, and an iterator that ends waits for it.
    options.autotune.enabled = False
    # Rewriting the graph would copy the captured images into it, and finds nothing to better here.
    options.experimental_optimization.apply_default_optimizations = False
    # A tf.distribute strategy splits each batch among the replicas of its worker. It is not to look for files
    # to share out among workers besides: there are none, and the search would copy the images, too.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return dataset.with_options(options)
