import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.losses.lecam import LeCam
from tfdogs.training.schedules import Cosine


def logits(step, n=3):
    rng = np.random.default_rng(step)
    return tuple(tf.constant(rng.normal(size=(n, 1)) + shift, tf.float32) for shift in (1.0, -1.0))


def ask(penalty, step):
    real, fake = logits(step)
    return penalty(lambda images: images, real, fake, None)  # the logits are the images


def test_closed_form_over_five_steps(add_state):
    penalty = LeCam(0.5, decay=0.9)
    penalty.build(add_state)
    history = []  # of mean logits
    for step in range(5):
        real, fake = (np.float64(x) for x in logits(step))
        value, numbers = ask(penalty, step)
        if history:
            weights = 0.9 ** np.arange(len(history))[::-1]
            real_anchor, fake_anchor = weights @ history / weights.sum()
            np.testing.assert_allclose(penalty.anchors, (real_anchor, fake_anchor), rtol=1e-5)
            expected = 0.5 * (np.mean((real - fake_anchor) ** 2) + np.mean((fake - real_anchor) ** 2))
            np.testing.assert_allclose(value, expected, rtol=1e-5)
        else:
            assert float(value) == 0.0  # there are no averages yet
        history.append((real.mean(), fake.mean()))
        np.testing.assert_allclose(numbers, history[-1], rtol=1e-5)
        penalty.observe(numbers, tf.constant(1.0))


def test_gradient_pulls_reals_to_the_fakes_average_and_stops_at_the_averages(add_state):
    penalty = LeCam(1.0)
    penalty.build(add_state)
    penalty.observe(tf.constant([3.0, -2.0]), tf.constant(1.0))
    real, fake = logits(0)
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        value, _ = penalty(lambda images: images, real, fake, None)
    gradients = tape.gradient(value, [real, fake])
    np.testing.assert_allclose(gradients[0], 2 * (real + 2.0) / 3, rtol=1e-4)
    np.testing.assert_allclose(gradients[1], 2 * (fake - 3.0) / 3, rtol=1e-4)


def test_nothing_changes_where_it_was_not_due(add_state):
    penalty = LeCam()
    penalty.build(add_state)
    penalty.observe(tf.constant([3.0, -2.0]), tf.constant(1.0))
    before = [v.numpy() for v in (penalty.real, penalty.fake, penalty.share)]
    penalty.observe(tf.zeros(2), tf.constant(0.0))
    np.testing.assert_array_equal([v.numpy() for v in (penalty.real, penalty.fake, penalty.share)], before)


def test_it_starts_late_and_follows_its_schedule():
    factor = LeCam(start_kimg=2.0, schedule=Cosine(1.0, 0.5, kimg=4.0)).factor
    assert [float(factor(tf.constant(seen, tf.int64))) for seen in (0, 1999, 2000, 4000)] == [0, 0, 0.75, 0.5]


def test_config_round_trip():
    penalty = LeCam(0.1, decay=0.5, start_kimg=3.0, interval=2, schedule=Cosine(1.0, 0.0, kimg=7.0))
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(penalty))
    assert isinstance(twin, LeCam) and twin.get_config() == penalty.get_config()
    assert (twin.weight, twin.decay, twin.start_kimg, twin.interval) == (0.1, 0.5, 3.0, 2)
    assert twin.schedule.kimg == 7.0


@pytest.mark.parametrize("decay", [-0.1, 1.0, np.nan])
def test_decay_is_a_share(decay):
    with pytest.raises(ValueError, match=f"decay must be in .*Received: decay={decay}"):
        LeCam(decay=decay)
