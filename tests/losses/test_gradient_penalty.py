import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.losses.gradient_penalty import GradientPenalty, squared_gradient_norms
from tfdogs.models.noise import Noise

NOISE = Noise(tf.constant([1, 2], tf.int64))


def images(seed, n=4):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (n, 2, 2, 3)), tf.float32)


def linear(a):
    """D(x) = a . x, whose slope is a everywhere."""
    return lambda x: tf.reduce_sum(x * a, axis=[1, 2, 3])[:, None]


def test_linear_critic_closed_form():
    a = tf.Variable(images(0, 1)[0])
    norm = np.linalg.norm(a)
    with tf.GradientTape() as tape:
        penalty = GradientPenalty(7.0)(linear(a), images(1), images(2), NOISE)
    np.testing.assert_allclose(penalty, 7.0 * (norm - 1) ** 2, rtol=1e-5)
    expected = 2 * 7.0 * (norm - 1) * a.numpy() / norm
    np.testing.assert_allclose(tape.gradient(penalty, a), expected, rtol=1e-4, atol=1e-6)


def test_equals_tf_gan():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow_gan

    a = images(0, 1)[0]  # the slope of a linear critic is that of every line between reals and fakes

    @tf.function
    def theirs():
        return tensorflow_gan.losses.wargs.wasserstein_gradient_penalty(
            images(1), images(2), None, lambda x, _: linear(a)(x), "critic", loss_collection=None
        )

    ours = GradientPenalty(1.0)(linear(a), images(1), images(2), NOISE)
    np.testing.assert_allclose(ours, theirs(), rtol=1e-5)


@pytest.mark.parametrize("target", [0.0, 2.5])
def test_another_target(target):
    a = images(0, 1)[0]
    penalty = GradientPenalty(3.0, target=target)(linear(a), images(1), images(2), NOISE)
    np.testing.assert_allclose(penalty, 3.0 * (np.linalg.norm(a) - target) ** 2, rtol=1e-5)


def test_no_penalty_where_the_slope_is_one():
    a = images(0, 1)[0]
    critic = linear(a / tf.norm(a))
    assert float(GradientPenalty()(critic, images(1), images(2), NOISE)) < 1e-10


def test_no_slope_at_all_costs_the_weight_and_has_a_finite_gradient():
    a = tf.Variable(tf.zeros((2, 2, 3)))
    with tf.GradientTape() as tape:
        penalty = GradientPenalty(10.0)(linear(a), images(1), images(2), NOISE)
    np.testing.assert_allclose(penalty, 10.0, rtol=1e-4)
    assert np.isfinite(tape.gradient(penalty, a)).all()


def test_it_is_taken_on_lines_between_reals_and_fakes():
    # D(x) = |x|^2 / 2 has the slope x, so that the norms tell where it was evaluated.
    reals, fakes = tf.ones((64, 2, 2, 3)), -tf.ones((64, 2, 2, 3))
    places = []

    def critic(x):
        places.append(x)
        return tf.reduce_sum(x * x, axis=[1, 2, 3])[:, None] / 2

    penalty = GradientPenalty(1.0)(critic, reals, fakes, NOISE)
    (x,) = places
    t = x[:, 0, 0, 0]
    np.testing.assert_allclose(x, tf.broadcast_to(t[:, None, None, None], x.shape))  # one share an image
    assert np.min(t) >= -1 and np.max(t) <= 1 and np.unique(t).size > 60
    assert abs(np.mean(t)) < 0.25
    np.testing.assert_allclose(penalty, np.mean((np.abs(t) * np.sqrt(12) - 1) ** 2), rtol=1e-4)


def test_gradient_with_respect_to_the_critics_weights_equals_finite_differences():
    rng = np.random.default_rng(3)
    w = tf.Variable(rng.normal(size=(12, 5)) / 3, dtype=tf.float32)
    v = tf.constant(rng.normal(size=(5, 1)), tf.float32)

    def critic(x):
        return tf.tanh(tf.reshape(x, (-1, 12)) @ w) @ v

    def penalty():
        return GradientPenalty(10.0)(critic, images(1), images(2), NOISE)

    with tf.GradientTape() as tape:
        value = penalty()
    gradient, start, step = tape.gradient(value, w).numpy(), w.numpy(), 1e-2
    for place in [(0, 0), (5, 2), (11, 4)]:
        bump = np.zeros_like(start)
        bump[place] = step
        w.assign(start + bump)
        above = penalty()
        w.assign(start - bump)
        below = penalty()
        w.assign(start)
        np.testing.assert_allclose(gradient[place], (above - below) / (2 * step), rtol=0.01, atol=0.01)


def test_squared_gradient_norms_are_one_an_image():
    x = images(4)
    norms = squared_gradient_norms(lambda x: tf.reduce_sum(x**2, axis=[1, 2, 3])[:, None], x)
    np.testing.assert_allclose(norms, np.sum(4 * x.numpy() ** 2, axis=(1, 2, 3)), rtol=1e-5)


def test_config_round_trip():
    config = keras.saving.serialize_keras_object(GradientPenalty(3.0, interval=4))
    twin = keras.saving.deserialize_keras_object(config)
    assert isinstance(twin, GradientPenalty)
    assert (twin.weight, twin.interval, twin.name) == (3.0, 4, "gradient_penalty")
    assert GradientPenalty().get_config() == {"weight": 10.0, "target": 1.0, "interval": 1}


@pytest.mark.parametrize("interval", [0, -1])
def test_interval_is_positive(interval):
    with pytest.raises(ValueError, match=f"Received: interval={interval}"):
        GradientPenalty(interval=interval)
