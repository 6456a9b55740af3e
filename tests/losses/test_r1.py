import keras
import numpy as np
import tensorflow as tf

from tfdogs.losses.r1 import R1


def images(seed, n=4):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (n, 2, 2, 1)), tf.float32)


def test_linear_critic_closed_form():
    a = tf.Variable(images(0, 1)[0])
    with tf.GradientTape() as tape:
        penalty = R1(6.0)(lambda x: tf.reduce_sum(x * a, axis=[1, 2, 3])[:, None], images(1), None, None)
    np.testing.assert_allclose(penalty, 3.0 * np.sum(np.square(a)), rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(penalty, a), 6.0 * a.numpy(), rtol=1e-5)


def test_quadratic_critic_closed_form():
    # D(x) = x' A x / 2 with A symmetric: the slope is A x, and d |A x|^2 / dA = 2 (A x) x'.
    rng = np.random.default_rng(2)
    root = rng.normal(size=(4, 4))
    a = tf.Variable(root + root.T, dtype=tf.float32)
    x = images(3)
    flat = x.numpy().reshape(-1, 4)

    def critic(x):
        x = tf.reshape(x, (-1, 4))
        symmetric = (a + tf.transpose(a)) / 2
        return tf.reduce_sum(x @ symmetric * x, axis=1, keepdims=True) / 2

    with tf.GradientTape() as tape:
        penalty = R1(10.0)(critic, x, None, None)
    slopes = flat @ a.numpy()
    np.testing.assert_allclose(penalty, 5.0 * np.mean(np.sum(slopes**2, axis=1)), rtol=1e-5)
    expected = 10.0 * np.mean(slopes[:, :, None] * flat[:, None, :], axis=0)
    expected = (expected + expected.T) / 2
    np.testing.assert_allclose(tape.gradient(penalty, a), expected, rtol=1e-4, atol=1e-5)


def test_it_looks_at_reals_only():
    reals = images(5)

    def critic(x):
        assert x is reals
        return tf.reduce_sum(x, axis=[1, 2, 3])[:, None]

    np.testing.assert_allclose(R1(2.0)(critic, reals, None, None), 4.0, rtol=1e-6)


def test_config_round_trip():
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(R1(0.5, interval=16)))
    assert isinstance(twin, R1)
    assert (twin.gamma, twin.interval, twin.name) == (0.5, 16, "r1")
