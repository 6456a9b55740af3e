import keras
import numpy as np
import tensorflow as tf

from tfdogs.losses.dragan import DRAGAN
from tfdogs.models.noise import Noise

NOISE = Noise(tf.constant([1, 2], tf.int64))


def test_linear_critic_closed_form(images, linear):
    a = tf.Variable(images(0, 1)[0])
    norm = np.linalg.norm(a)
    with tf.GradientTape() as tape:
        penalty = DRAGAN(7.0)(linear(a), images(1), None, NOISE)
    np.testing.assert_allclose(penalty, 7.0 * (norm - 1) ** 2, rtol=1e-5)
    expected = 2 * 7.0 * (norm - 1) * a.numpy() / norm
    np.testing.assert_allclose(tape.gradient(penalty, a), expected, rtol=1e-4, atol=1e-6)


def test_it_is_taken_around_the_reals(images):
    reals, places = images(3, n=64), []

    def critic(x):
        places.append(x)
        return tf.reduce_sum(x, axis=[1, 2, 3])[:, None]

    DRAGAN(spread=0.4)(critic, reals, None, NOISE)
    offsets = np.float64(places[0] - reals) / (0.4 * np.std(reals))
    assert offsets.min() >= -1e-6 and offsets.max() <= 1 + 1e-6
    # A product of a share for each image and of one for each of its numbers, both uniform.
    np.testing.assert_allclose(offsets.mean(), 0.25, atol=0.03)
    shares = offsets.max(axis=(1, 2, 3))
    assert np.unique(np.round(shares, 4)).size > 60 and shares.min() < 0.2 and shares.max() > 0.8


def test_config_round_trip():
    config = keras.saving.serialize_keras_object(DRAGAN(3.0, spread=1.0, interval=4))
    twin = keras.saving.deserialize_keras_object(config)
    assert (twin.weight, twin.spread, twin.interval, twin.name) == (3.0, 1.0, 4, "dragan")
