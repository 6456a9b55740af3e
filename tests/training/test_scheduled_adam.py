import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.training.adam import FusedAdam
from tfdogs.training.scheduled_adam import ScheduledAdam
from tfdogs.training.schedules import Cosine

GRADIENTS = np.random.default_rng(0).normal(size=(6, 3))
START = [1.0, -2.0, 0.5]
SCHEDULES = (Cosine(0.1, 0.01, kimg=0.016), Cosine(0.9, 0.99, kimg=0.016))


def steps(optimizer, weights, gradients):
    for gradient in gradients:
        optimizer.apply_gradients([(tf.constant(gradient, tf.float32), weights)])
    return weights.numpy()


def by_hand(gradients, rate, beta_2, beta_1=0.5, images_per_step=4):
    w, m, v = np.array(START), np.zeros(3), np.zeros(3)
    for t, g in enumerate(gradients, start=1):
        images = tf.constant((t - 1) * images_per_step, tf.int64)
        b2 = float(beta_2(images))
        m, v = beta_1 * m + (1 - beta_1) * g, b2 * v + (1 - b2) * g**2
        unbiased = m / (1 - beta_1**t) / (np.sqrt(v / (1 - b2**t)) + 1e-9)
        w = w - float(rate(images)) * unbiased
    return w


def test_it_is_adam_with_the_values_of_the_images_before_each_step():
    weights = tf.Variable(START)
    optimizer = ScheduledAdam(SCHEDULES[0], 0.5, SCHEDULES[1], images_per_step=4)
    np.testing.assert_allclose(
        steps(optimizer, weights, GRADIENTS), by_hand(GRADIENTS, *SCHEDULES), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(optimizer.beta_2, 0.99, rtol=1e-6)  # six steps, 24 images


def test_with_numbers_it_is_adam():
    ours, theirs = tf.Variable(START), tf.Variable(START)
    steps(ScheduledAdam(0.1, 0.5, 0.9, images_per_step=64), ours, GRADIENTS)
    steps(FusedAdam(0.1, 0.5, 0.9), theirs, GRADIENTS)
    np.testing.assert_array_equal(ours, theirs)


def test_a_run_that_stops_and_goes_on_is_one_run():
    whole = tf.Variable(START)
    steps(ScheduledAdam(SCHEDULES[0], 0.5, SCHEDULES[1], images_per_step=4), whole, GRADIENTS)
    weights = tf.Variable(START)
    first = ScheduledAdam(SCHEDULES[0], 0.5, SCHEDULES[1], images_per_step=4)
    steps(first, weights, GRADIENTS[:2])
    second = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(first))
    second.build([weights])
    for copy, variable in zip(second.variables, first.variables):
        copy.assign(variable)
    np.testing.assert_array_equal(steps(second, weights, GRADIENTS[2:]), whole)


def test_config_round_trip():
    for rate, beta_2 in (SCHEDULES, (0.25, 0.5)):
        optimizer = ScheduledAdam(rate, 0.5, beta_2, images_per_step=4, clipnorm=1.0)
        twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
        assert isinstance(twin, ScheduledAdam) and twin.get_config() == optimizer.get_config()
        assert twin.images_per_step == 4 and twin.clipnorm == 1.0
    assert optimizer.get_config()["learning_rate"] == 0.25 and optimizer.get_config()["beta_2"] == 0.5


def test_the_rate_may_be_set_where_it_is_a_number():
    optimizer = ScheduledAdam(0.25, images_per_step=1)
    optimizer.learning_rate = 0.5
    assert optimizer.get_config()["learning_rate"] == 0.5


def test_images_per_step_is_positive():
    with pytest.raises(ValueError, match=r"images_per_step must be 1 or more. Received: 0"):
        ScheduledAdam(images_per_step=0)
