import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.noise import Noise


def noise(seed=3, **kwargs):
    return Noise(tf.constant([seed, 5], tf.int64), **kwargs)


@pytest.mark.parametrize("replicas", [2, 3])
@pytest.mark.parametrize("draw", ["normal", "uniform"])
def test_replicas_rows_are_slices_of_the_global_draw(draw, replicas):
    whole = getattr(noise().fold(1), draw)([4 * replicas, 2, 3])
    parts = [getattr(noise(replica=i, replicas=replicas).fold(1), draw)([4, 2, 3]) for i in range(replicas)]
    np.testing.assert_array_equal(tf.concat(parts, 0), whole)


def test_replicas_may_have_different_numbers_of_images():
    whole, rows = noise().fold(1).normal([7, 2]), tf.constant([4, 2, 1])
    ours = [noise(replica=i, replicas=3).among(rows).fold(1) for i in range(3)]
    parts = [one.normal([n, 2]) for one, n in zip(ours, rows)]
    np.testing.assert_array_equal(tf.concat(parts, 0), whole)
    halves = [one.some(lambda n: n // 2 + 1).normal([n // 2 + 1, 2]) for one, n in zip(ours, rows)]
    np.testing.assert_array_equal(tf.concat(halves, 0), noise().fold(1).normal([6, 2]))


def test_replica_may_be_a_tensor_and_the_batch_dynamic():
    @tf.function
    def draw(rows, replica):
        numbers = noise(replica=replica, replicas=2).normal([rows, 3])
        assert numbers.shape.as_list() == [None, 3]
        return numbers

    second = draw(tf.constant(4), tf.constant(1))
    np.testing.assert_array_equal(second, noise().normal([8, 3])[4:])


def test_at_is_a_function_of_seed_and_images_seen():
    def draw(seed, seen):
        return Noise.at(seed, seen).normal([4, 3]).numpy()

    seen = tf.Variable(640, dtype=tf.int64)
    np.testing.assert_array_equal(draw(1, seen), draw(1, 640))
    assert len({draw(seed, seen).tobytes() for seed in (0, 1) for seen in (0, 1, 64, 2**40)}) == 8


def test_graph_and_eager_give_the_same_numbers():
    graph = tf.function(lambda seen: Noise.at(7, seen).fold(2).uniform([5]))
    np.testing.assert_array_equal(graph(tf.constant(64, tf.int64)), Noise.at(7, 64).fold(2).uniform([5]))


def test_folds_are_independent():
    draws = [noise().fold(use).normal([4000]).numpy() for use in range(5)]
    draws += [noise().fold(0).fold(1).normal([4000]).numpy(), noise().fold(1).fold(0).normal([4000]).numpy()]
    draws.append(noise().normal([4000]).numpy())
    correlation = np.corrcoef(draws) - np.eye(len(draws))
    assert np.abs(correlation).max() < 0.08  # five standard deviations


def test_distributions():
    z = noise().normal([20000]).numpy()
    assert z.dtype == np.float32
    assert abs(z.mean()) < 0.04 and abs(z.std() - 1) < 0.03
    u = noise().uniform([20000], -2.0, 6.0).numpy()
    assert -2 <= u.min() < -1.9 and 5.9 < u.max() < 6
    assert abs(u.mean() - 2) < 0.1 and abs(u.var() - 64 / 12) < 0.2
