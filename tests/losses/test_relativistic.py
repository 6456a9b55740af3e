import warnings

import numpy as np
import pytest
import tensorflow as tf

from tfdogs.losses import NAMES, adversarial

RELATIVISTIC = [name for name in NAMES if adversarial.get(name).relativistic]


def logits(seed=0, n=5):
    rng = np.random.default_rng(seed)
    return tuple(tf.constant(2 * rng.normal(size=(n, 1)), tf.float32) for _ in range(2))


def softplus(x):
    return np.log1p(np.exp(x))


def closed_forms(real, fake):
    """The discriminator's losses in NumPy."""
    r, f = np.float64(real), np.float64(fake)
    above, below = r - f.mean(), f - r.mean()
    return {
        "relativistic": softplus(f - r).mean(),
        "relativistic_average": softplus(-above).mean() + softplus(below).mean(),
        "relativistic_average_hinge": np.maximum(0, 1 - above).mean() + np.maximum(0, 1 + below).mean(),
        "relativistic_average_least_squares": ((above - 1) ** 2).mean() + ((below + 1) ** 2).mean(),
    }


def test_closed_forms():
    real, fake = logits()
    d_losses, g_losses = closed_forms(real, fake), closed_forms(fake, real)
    assert sorted(d_losses) == RELATIVISTIC
    for name in RELATIVISTIC:
        loss = adversarial.get(name)
        np.testing.assert_allclose(loss.discriminator(real, fake, 0.0), d_losses[name], rtol=1e-5)
        np.testing.assert_allclose(loss.generator(fake, real), g_losses[name], rtol=1e-5)


def test_equals_tf_gan():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tensorflow_gan.python.losses import losses_impl

    real, fake = logits(3)
    loss = adversarial.get("relativistic_average")
    for ours, theirs in (
        (loss.discriminator(real, fake, 0.0), losses_impl.relativistic_discriminator_loss(real, fake)),
        (loss.generator(fake, real), losses_impl.relativistic_generator_loss(real, fake)),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("name", RELATIVISTIC)
def test_only_differences_count(name):
    real, fake = logits(1)
    loss = adversarial.get(name)
    for ours in (loss.discriminator(real, fake, 0.0), loss.generator(fake, real)):
        assert np.isfinite(ours)
    moved = loss.discriminator(real + 7.0, fake + 7.0, 0.0)
    np.testing.assert_allclose(moved, loss.discriminator(real, fake, 0.0), rtol=1e-4)
    # So one image on its own has no probability.
    assert loss.probability is None and not loss.smooths


def test_the_pairings_slope_is_one_minus_the_probability_of_the_pair():
    real, fake = logits(2)
    loss = adversarial.get("relativistic")
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        d_loss, g_loss = loss.discriminator(real, fake, 0.0), loss.generator(fake, real)
    wrong = tf.sigmoid(fake - real)  # the probability of the other order
    np.testing.assert_allclose(5 * tape.gradient(d_loss, real), -wrong, rtol=1e-4)
    np.testing.assert_allclose(5 * tape.gradient(d_loss, fake), wrong, rtol=1e-4)
    np.testing.assert_allclose(5 * tape.gradient(g_loss, fake), -(1 - wrong), rtol=1e-4)


@pytest.mark.parametrize("name", RELATIVISTIC)
def test_d_raises_reals_over_fakes_and_g_the_other_way_round(name):
    loss = adversarial.get(name)
    real, fake = tf.zeros((3, 1)), tf.zeros((3, 1))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        d_loss, g_loss = loss.discriminator(real, fake, 0.0), loss.generator(fake, real)
    assert np.all(tape.gradient(d_loss, real) < 0) and np.all(tape.gradient(d_loss, fake) > 0)
    assert np.all(tape.gradient(g_loss, fake) < 0)


@pytest.mark.parametrize("name", RELATIVISTIC)
def test_extreme_logits_stay_finite(name):
    for sign in (1.0, -1.0):
        real, fake = tf.fill((2, 1), sign * 1e4), tf.fill((2, 1), -sign * 1e4)
        assert np.isfinite(adversarial.get(name).discriminator(real, fake, 0.0))
