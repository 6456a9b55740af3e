"""When a regularizer is due, and what then comes of it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.losses.regularizer import Regularizer
from tfdogs.models.noise import Noise
from tfdogs.models.penalties import Penalties
from tfdogs.training.schedules import Cosine

NOISE = Noise(tf.constant([1, 2], tf.int64))


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

    Returns the weight after each, the gradients, and the mean that the metric shows.
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
            prompt = penalties.prompt((weight,), NOISE)
            loss = tf.add_n([tf.reduce_sum(weight), *(levy.penalty for levy in prompt)])
        penalties.update(optimizer, [weight], tape, loss, prompt=prompt, arguments=(weight,), noise=NOISE)
        step.assign_add(1)
        seen.assign_add(1000)
        values.append(float(weight[0]))
    assert int(optimizer.iterations) == len(gradients) == steps  # one step, however many penalties
    return values, gradients, float(tracker.result())


@pytest.mark.parametrize("interval", [1, 3])
def test_the_penalty_is_due_every_so_many_steps_and_weighs_that_much_more(interval):
    values, gradients, _ = play(Pull(interval), 6, keras.optimizers.SGD(0.1))
    slopes = [1.0 + (5.0 * interval if step % interval == 0 else 0.0) for step in range(6)]
    np.testing.assert_allclose(gradients, slopes, rtol=1e-6)
    np.testing.assert_allclose(values, 1.0 - 0.1 * np.cumsum(slopes), rtol=1e-5)


def test_it_is_told_in_every_step_and_of_nothing_where_it_was_not_due():
    lazy = Pull(2)
    _, _, mean = play(lazy, 3, keras.optimizers.SGD(0.0))
    assert lazy.told == [([5.0, 2.5], 1.0), ([0.0, 0.0], 0.0), ([5.0, 2.5], 1.0)]
    assert mean == 5.0  # neither the lazy factor nor the pauses show


def test_a_schedule_falls_with_the_images_seen():
    _, gradients, _ = play(Pull(1, schedule=Cosine(1.0, 0.0, kimg=2.0)), 4, keras.optimizers.SGD(0.0))
    np.testing.assert_allclose(gradients, [6.0, 3.5, 1.0, 1.0], rtol=1e-5)


@pytest.mark.parametrize("interval", [1, 4])
def test_lazy_or_not_a_period_has_the_same_mean_gradient_and_adam_counts_the_same_steps(interval):
    # The lazy gradient joins the loss's in one Adam step, so that no learning rate and no beta is to be
    # corrected, as they are where the penalty takes steps of its own (Karras et al. 2020, appendix B).
    _, gradients, _ = play(Pull(interval), 8, keras.optimizers.Adam(1e-3, beta_1=0.0))
    for period in (gradients[:4], gradients[4:]):
        np.testing.assert_allclose(np.mean(period), 1.0 + 5.0, rtol=1e-6)
