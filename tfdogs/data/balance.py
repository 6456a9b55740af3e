"""The order of a stream of training images in which every class comes equally often."""

import numpy as np
import tensorflow as tf

_FEWEST_ROUNDS = 256  # a block: one call into NumPy is to pay
_ROUNDS, _FLIPS, _CLASSES = range(3)  # streams of random numbers; a class has one of its own from _CLASSES on


class BalancedOrder:
    """Which image stands at which position, all classes being equally likely.

    With C classes that have images, positions [r C, (r + 1) C) are round r: every class once, in an order
    drawn from (seed, r). A class shows its images in epochs of its own, each a permutation drawn from (seed,
    class, epoch), so that the image at a position follows from (seed, position) alone. In any window of k C
    positions each class comes k times, give or take one, and in the whole stream until any position the
    images of a class differ by at most one in how often they came. Blocks of rounds are computed at a time,
    at a cost an image that does not grow with the imbalance.

    Args:
        labels: every image's class, int [N], 0 or more.
        seed: int in [0, 2^63).
        rounds: of a block; default as many as make about N positions. The stream is the same for any.

    Attributes:
        length: positions of a block.
    """

    def __init__(self, labels, seed, *, rounds=None):
        labels = np.asarray(labels)
        by_class = np.argsort(labels, kind="stable")
        self._classes, begins = np.unique(labels[by_class], return_index=True)
        self._members = np.split(by_class, begins[1:])
        self._seed = seed
        count = len(self._members)
        self._rounds = rounds or max(-(-len(labels) // count), _FEWEST_ROUNDS)
        self.length = self._rounds * count

    def order(self, block):
        """Returns a block for tf.data.

        Args:
            block: int64 scalar tensor, 0 or more.

        Returns:
            The images' indices, int64 [length], and fair coins for flips, bool [length].
        """
        values = tf.numpy_function(self.block, [block], [tf.int64, tf.bool], stateful=False)
        return tuple(tf.ensure_shape(value, [self.length]) for value in values)

    def block(self, block):
        """Returns what `order` does as NumPy arrays, for an int."""
        first = int(block) * self._rounds
        shown = np.stack(
            [
                members[_walk(self._seed, _CLASSES + int(label), len(members), first, self._rounds)]
                for label, members in zip(self._classes, self._members)
            ],
            axis=1,
        )
        count = len(self._members)
        turns = _permutations(self._seed, _ROUNDS, count, first, self._rounds)
        indices = np.take_along_axis(shown, turns, axis=1).reshape(-1)
        coins = _random(self._seed, _FLIPS, first * count, self.length) >> np.uint64(63)
        return indices, coins == 1


def _walk(seed, stream, size, first, count):
    """Returns elements [first, first + count) of an endless chain of permutations of `size`."""
    epoch, skip = divmod(first, size)
    epochs = -(-(skip + count) // size)
    return _permutations(seed, stream, size, epoch, epochs).reshape(-1)[skip : skip + count]


def _permutations(seed, stream, size, first, count):
    """Returns permutations number `first` and on of a stream, uniformly random, int64 [count, size]."""
    keys = _random(seed, stream, first * size, count * size).reshape(count, size)
    return np.argsort(keys, axis=1, kind="stable")


def _random(seed, stream, first, count):
    """Returns random numbers `first` and on of a stream, uint64 [count].

    By the raw bits of a counter-based generator (Philox: Salmon et al. 2011): NumPy keeps these the same from
    release to release, which it does not promise of its shuffles, and any place costs the same.
    """
    counter, skip = divmod(first, 4)  # four numbers a count
    bits = np.random.Philox(counter=counter, key=np.array([seed, stream], np.uint64))
    return bits.random_raw(skip + count)[skip:]
