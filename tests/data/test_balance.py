from collections import Counter

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tfdogs.data.balance import BalancedOrder

LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=30)  # any imbalance, classes missing
SEEDS = st.integers(0, 2**63 - 1)


def stream(order, start, count):
    """Returns the images at positions [start, start + count)."""
    first, last = start // order.length, (start + count - 1) // order.length
    images = np.concatenate([order.block(block)[0] for block in range(first, last + 1)])
    return images[start - first * order.length :][:count]


@given(labels=LABELS, seed=SEEDS, start=st.integers(0, 2000), rounds=st.integers(1, 50))
def test_classes_come_equally_often(labels, seed, start, rounds):
    count = len(set(labels))
    order = BalancedOrder(labels, seed)
    shown = Counter(np.array(labels)[stream(order, start, rounds * count)])
    assert set(shown) <= set(labels) and sum(shown.values()) == rounds * count
    assert all(abs(shown[label] - rounds) <= 1 for label in set(labels))
    aligned = Counter(np.array(labels)[stream(order, start * count, rounds * count)])
    assert all(aligned[label] == rounds for label in set(labels))


@given(labels=LABELS, seed=SEEDS, count=st.integers(1, 500))
def test_images_of_a_class_come_equally_often(labels, seed, count):
    shown = Counter(stream(BalancedOrder(labels, seed), 0, count))
    for label in set(labels):
        times = [shown[image] for image in np.flatnonzero(np.array(labels) == label)]
        assert max(times) - min(times) <= 1


@given(labels=LABELS, seed=SEEDS, block=st.integers(0, 2**40), rounds=st.integers(1, 40))
def test_blocks_of_any_length_make_one_stream(labels, seed, block, rounds):
    long = BalancedOrder(labels, seed, rounds=3 * rounds)
    short = BalancedOrder(labels, seed, rounds=rounds)
    parts = [short.block(3 * block + part) for part in range(3)]
    for whole, *pieces in zip(long.block(block), *parts):
        np.testing.assert_array_equal(whole, np.concatenate(pieces))


def test_seeds_classes_and_epochs_are_shuffled_each_in_its_way():
    labels = np.repeat([0, 1], 40)
    (first, coins), (other, _) = (BalancedOrder(labels, seed, rounds=80).block(0) for seed in (1, 2))
    assert first.tolist() != other.tolist()
    walks = [first[labels[first] == label] % 40 for label in (0, 1)]
    epochs = [tuple(walk[begin : begin + 40]) for walk in walks for begin in (0, 40)]
    assert len(set(epochs)) == 4 and all(sorted(epoch) == list(range(40)) for epoch in epochs)
    assert 40 < coins.sum() < 120 and coins.dtype == bool
    turns = labels[BalancedOrder(labels, 1, rounds=400).block(0)[0]].reshape(-1, 2)
    assert 140 < (turns[:, 0] == 0).sum() < 260


def test_permutations_are_equally_likely():
    images, _ = BalancedOrder(np.zeros(3, int), 7, rounds=3 * 1200).block(0)
    counts = Counter(map(tuple, images.reshape(-1, 3)))
    # Chi-squared with 5 degrees of freedom: 20.5 is exceeded once in a thousand seeds.
    assert len(counts) == 6 and sum((count - 200) ** 2 / 200 for count in counts.values()) < 20.5


def test_in_a_graph_it_is_the_same_and_static():
    order = BalancedOrder([0, 1, 1, 1], 3)
    found = tf.function(order.order)(tf.constant(5, tf.int64))
    assert [value.shape for value in found] == [(order.length,)] * 2
    for value, expected in zip(found, order.block(5)):
        np.testing.assert_array_equal(value, expected)
