"""When a regularizer is due, and what then comes of it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.losses.regularizer import Regularizer
from tfdogs.models.batches import Batch
from tfdogs.models.noise import Noise
from tfdogs.models.penalties import Penalties
from tfdogs.training.schedules import Cosine

NOISE = Noise(tf.constant([1, 2], tf.int64))
BATCH = Batch(tf.zeros([4, 1, 1, 1]), None)


class Pull(Regularizer):
    """5 * sum(w): its slope is 5. It is told of its own value and its half."""

    name, observes = "pull", 2

    def __call__(self, weight, noise):
        value = 5.0 * tf.reduce_sum(weight)
        return value, tf.stack([value, value / 2])

    def build(self, add_state):
        self.told = []

    def observe(self, numbers, due):
        self.told.append((numbers.numpy().tolist(), float(due)))


def play(regularizer, steps, optimizer):
    """Takes steps of 1,000 images on the loss sum(w) plus the penalty.

    Returns the weight after each, the gradients of the optimizer's steps, and the mean that the metric shows.
    """
    regularizer.build(None)
    weight, tracker = tf.Variable([1.0]), keras.metrics.Mean()
    step, seen = tf.Variable(0, dtype=tf.int64), tf.Variable(0, dtype=tf.int64)
    optimizer.build([weight])
    penalties = Penalties([regularizer], {"pull": tracker}, images_seen=seen, steps_done=step)
    values, gradients, apply = [], [], optimizer.apply_gradients

    def record(pairs):
        pairs = list(pairs)
        gradients.append(float(pairs[0][0][0]))
        return apply(pairs)

    optimizer.apply_gradients = record
    for _ in range(steps):
        with tf.GradientTape() as tape:
            every_step = penalties.every_step((weight,), NOISE)
            loss = tf.add_n([tf.reduce_sum(weight), *(one.penalty for one in every_step)])
        penalties.update(
            optimizer,
            [weight],
            tape,
            loss,
            every_step=every_step,
            arguments=(weight,),
            noise=NOISE,
            batch=BATCH,
        )
        step.assign_add(1)
        seen.assign_add(1000)
        values.append(float(weight[0]))
    extra = 0 if regularizer.interval == 1 else -(-steps // regularizer.interval)
    assert int(optimizer.iterations) == len(gradients) == steps + extra
    return values, gradients, float(tracker.result())


def test_a_penalty_of_every_step_joins_the_loss():
    values, gradients, _ = play(Pull(), 3, keras.optimizers.SGD(0.1))
    np.testing.assert_allclose(gradients, [6.0] * 3, rtol=1e-6)
    np.testing.assert_allclose(values, 1.0 - 0.1 * np.cumsum(gradients), rtol=1e-5)


def test_a_lazy_one_takes_steps_of_its_own_and_weighs_that_much_more():
    values, gradients, _ = play(Pull(3), 6, keras.optimizers.SGD(0.1))
    np.testing.assert_allclose(gradients, [1.0, 15.0, 1.0, 1.0, 1.0, 15.0, 1.0, 1.0], rtol=1e-6)
    np.testing.assert_allclose(values[-1], 1.0 - 0.1 * np.sum(gradients), rtol=1e-5)


def test_it_is_told_in_every_step_and_of_nothing_where_it_was_not_due():
    lazy = Pull(2)
    _, _, mean = play(lazy, 3, keras.optimizers.SGD(0.0))
    assert lazy.told == [([5.0, 2.5], 1.0), ([0.0, 0.0], 0.0), ([5.0, 2.5], 1.0)]
    assert mean == 5.0  # neither the lazy factor nor the pauses show


def test_a_schedule_falls_with_the_images_seen():
    _, gradients, _ = play(Pull(1, schedule=Cosine(1.0, 0.0, kimg=2.0)), 4, keras.optimizers.SGD(0.0))
    np.testing.assert_allclose(gradients, [6.0, 3.5, 1.0, 1.0], rtol=1e-5)


def test_where_it_is_not_due_adams_state_stays():
    optimizer = keras.optimizers.Adam(0.1)
    values, gradients, _ = play(Pull(4), 4, optimizer)
    # Adam by its definition (Kingma and Ba 2015, algorithm 1), over the steps that were taken.
    weight, first, second, course = 1.0, 0.0, 0.0, []
    for step, gradient in enumerate(gradients, 1):
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        weight -= 0.1 * first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-7)
        course.append(weight)
    assert gradients == pytest.approx([1.0, 20.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(values, course[1:], rtol=1e-4)
