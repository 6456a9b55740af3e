import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.losses.reconstruction import Reconstruction
from tfdogs.models.noise import Noise

NOISE = Noise(tf.constant([1, 2], tf.int64))


def of(*pairs):
    """A `discriminate` whose discriminator drew the first of each pair and should have drawn the second."""

    def reconstruct(images, noise):
        assert images == "reals" and noise is NOISE
        return pairs

    return types.SimpleNamespace(reconstruct=reconstruct)


def test_the_sum_of_mean_absolute_errors(images):
    pairs = [(images(0), images(1)), (images(2, shape=(3, 3, 1)), images(3, shape=(3, 3, 1)))]
    expected = 0.5 * sum(np.mean(np.abs(np.float64(a) - np.float64(b))) for a, b in pairs)
    value = Reconstruction(0.5)(of(*pairs), "reals", "fakes", NOISE)
    assert value.dtype == tf.float32
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    half = [(tf.cast(a, tf.bfloat16), b) for a, b in pairs]
    found = Reconstruction(0.5)(of(*half), "reals", "fakes", NOISE)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, expected, rtol=0.02)


def test_the_gradient_pulls_what_was_drawn_and_stops_at_what_was_seen(images):
    drawn, seen = images(0), images(1)
    with tf.GradientTape() as tape:
        tape.watch([drawn, seen])
        value = Reconstruction(2.0)(of((drawn, seen)), "reals", "fakes", NOISE)
    slopes = tape.gradient(value, [drawn, seen])
    np.testing.assert_allclose(slopes[0], 2.0 * np.sign(drawn - seen) / tf.size(drawn).numpy(), rtol=1e-5)
    assert slopes[1] is None


def test_pairs_of_two_shapes_are_refused(images):
    with pytest.raises(ValueError, match=r"pairs of one shape\. Received: \(4, 2, 2, 3\) and \(4, 2, 2, 1\)"):
        Reconstruction()(of((images(0), images(0, shape=(2, 2, 1)))), "reals", "fakes", NOISE)


def test_config_round_trip():
    penalty = Reconstruction(0.3, interval=2)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(penalty))
    assert isinstance(twin, Reconstruction) and twin.get_config() == penalty.get_config()
    assert (twin.weight, twin.interval) == (0.3, 2)
