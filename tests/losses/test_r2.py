import keras
import numpy as np
import tensorflow as tf

from tfdogs.losses.r2 import R2


def test_linear_critic_closed_form(images, linear):
    a = tf.Variable(images(0, 1)[0])
    with tf.GradientTape() as tape:
        penalty = R2(6.0)(linear(a), None, images(1), None)
    np.testing.assert_allclose(penalty, 3.0 * np.sum(np.square(a)), rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(penalty, a), 6.0 * a.numpy(), rtol=1e-5)


def test_it_looks_at_fakes_only(images):
    reals, fakes = images(5), images(6)
    penalty = R2(2.0)(lambda x: tf.reduce_sum(x**2, axis=[1, 2, 3])[:, None] / 2, reals, fakes, None)
    np.testing.assert_allclose(penalty, np.mean(np.sum(fakes.numpy() ** 2, axis=(1, 2, 3))), rtol=1e-5)


def test_config_round_trip():
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(R2(0.5, interval=16)))
    assert isinstance(twin, R2)
    assert (twin.gamma, twin.interval, twin.name) == (0.5, 16, "r2")
