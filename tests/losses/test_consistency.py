import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.losses.consistency import Consistency
from tfdogs.models.noise import Noise

NOISE = Noise(tf.constant([1, 2], tf.int64))


def test_linear_critic_closed_form(images, linear):
    a, reals, fakes = images(0, 1)[0].numpy(), images(1, n=8), images(2, n=8)
    penalty = Consistency(3.0, 5.0, policy="")(linear(a), reals, fakes, NOISE)

    def distance(x, noise):
        x = np.float64(x)
        mirrored = np.float64(noise.uniform([8, 1, 1, 1])).reshape(8) < 0.5
        assert 0 < mirrored.sum() < 8
        return np.mean(np.where(mirrored, np.sum((x - x[:, :, ::-1]) * a, axis=(1, 2, 3)), 0.0) ** 2)

    expected = 3.0 * distance(reals, NOISE.fold(0).fold(0)) + 5.0 * distance(fakes, NOISE.fold(1).fold(0))
    np.testing.assert_allclose(penalty, expected, rtol=1e-4)


def test_a_critic_that_does_not_see_the_difference_pays_nothing(images, linear):
    a = images(0, 1)[0]
    critic = linear(a + a[:, ::-1])  # the same in a mirror
    assert float(Consistency(policy="")(critic, images(1), images(2), NOISE)) < 1e-9


def test_shifts_count_too_and_noise_decides(images, linear):
    x = images(1, n=8, shape=(16, 16, 3)), images(2, n=8, shape=(16, 16, 3))
    critic = linear(images(0, 1, shape=(16, 16, 3))[0])
    shifts = Consistency(flip=False)
    value = float(shifts(critic, *x, NOISE))
    assert value > 0 and value == float(shifts(critic, *x, NOISE))
    assert value != float(shifts(critic, *x, NOISE.fold(1)))
    assert float(Consistency(0.0, 0.0)(critic, *x, NOISE)) == 0


def test_both_sides_of_the_difference_learn(images):
    # D(x) = c |x|^2 sees brightness: the slope of E[(D(x) - D(T(x)))^2] by c is 2 / c of the value.
    c = tf.Variable(1.5)
    with tf.GradientTape() as tape:
        penalty = Consistency(policy="brightness", flip=False)(
            lambda x: c * tf.reduce_sum(x**2, axis=[1, 2, 3])[:, None], images(1), images(2), NOISE
        )
    np.testing.assert_allclose(tape.gradient(penalty, c), 2 * penalty / c, rtol=1e-5)


def test_config_round_trip():
    penalty = Consistency(1.0, 2.0, policy="translation,cutout", flip=False, interval=3)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(penalty))
    assert twin.get_config() == penalty.get_config() and twin.name == "consistency"
    assert (twin.real, twin.fake, twin.policy, twin.flip) == (1.0, 2.0, "translation,cutout", False)


def test_refused():
    with pytest.raises(ValueError, match="T must do something"):
        Consistency(policy="", flip=False)
    with pytest.raises(ValueError, match="Received: 'blur'"):
        Consistency(policy="blur")
