import numpy as np
import pytest
import tensorflow as tf

from tfdogs.data.order import mirrored, order


def test_an_epochs_order_is_a_permutation_of_seed_and_epoch():
    drawn = [
        order(seed, tf.constant(epoch, tf.int64), 50) for seed, epoch in ((1, 0), (1, 0), (1, 1), (2, 0))
    ]
    for indices, coins in drawn:
        assert sorted(indices.numpy()) == list(range(50))
        assert (indices.dtype, coins.dtype, coins.shape) == (tf.int64, tf.bool, (50,))
    for values in zip(*drawn):  # indices, then coins
        first, again, *others = (value.numpy().tolist() for value in values)
        assert again == first and first not in others and others[0] != others[1]


@pytest.mark.parametrize("flips", [[True, False, True], [False] * 3, [True] * 3])
def test_mirrored_turns_those_alone(flips):
    images = np.random.default_rng(0).integers(0, 256, (3, 2, 4, 3), np.uint8)
    expected = np.where(np.reshape(flips, (3, 1, 1, 1)), images[:, :, ::-1], images)
    np.testing.assert_array_equal(mirrored(tf.constant(images), tf.constant(flips)), expected)
