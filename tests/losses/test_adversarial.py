import functools
import warnings

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs import losses
from tfdogs.losses import NAMES, adversarial

CROSS_ENTROPY = ("minimax", "non_saturating")
SMOOTHING = (*CROSS_ENTROPY, "least_squares")
ABSOLUTE = [name for name in NAMES if not adversarial.get(name).relativistic]


def logits(seed, n=7):
    rng = np.random.default_rng(seed)
    return tuple(tf.constant(3 * rng.normal(size=(n, 1)), tf.float32) for _ in range(2))


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, np.float64)))


@pytest.fixture(scope="module")
def tfgan_losses():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow_gan
    return tensorflow_gan.losses.wargs


def test_the_names_are_the_losses():
    assert sorted(NAMES) == list(NAMES)
    for name in NAMES:
        assert adversarial.get(name).name == name


def test_get_takes_a_hyphen_for_an_underscore_and_gives_a_loss_back():
    loss = adversarial.get("least-squares")
    assert loss is adversarial.get("least_squares")
    assert adversarial.get(loss) is loss


@pytest.mark.parametrize("wrong", ["", "Hinge", "bce", None, 3])
def test_unknown_name(wrong):
    with pytest.raises(ValueError, match=r"loss must be one of hinge, .* Received: ") as error:
        adversarial.get(wrong)
    assert str(wrong) in str(error.value)


def test_closed_forms():
    real, fake = logits(0)
    r, f = real.numpy(), fake.numpy()
    cross_entropy = -np.mean(np.log(sigmoid(r))) - np.mean(np.log(1 - sigmoid(f)))
    expected = {
        "minimax": (cross_entropy, np.mean(np.log(1 - sigmoid(f)))),
        "non_saturating": (cross_entropy, -np.mean(np.log(sigmoid(f)))),
        "hinge": (np.mean(np.maximum(0, 1 - r)) + np.mean(np.maximum(0, 1 + f)), -np.mean(f)),
        "least_squares": (np.mean((r - 1) ** 2) / 2 + np.mean(f**2) / 2, np.mean((f - 1) ** 2) / 2),
        "wasserstein": (np.mean(f) - np.mean(r), -np.mean(f)),
    }
    for name in ABSOLUTE:
        loss = adversarial.get(name)
        d_loss, g_loss = expected[name]
        np.testing.assert_allclose(loss.discriminator(real, fake, 0.0), d_loss, rtol=1e-5, err_msg=name)
        np.testing.assert_allclose(loss.generator(fake, None), g_loss, rtol=1e-5, err_msg=name)


def test_an_undecided_discriminator_loses_2_log_2():
    zeros = tf.zeros((5, 1))
    for name in CROSS_ENTROPY:
        np.testing.assert_allclose(
            adversarial.get(name).discriminator(zeros, zeros, 0.0), 2 * np.log(2), rtol=1e-6
        )


@pytest.mark.parametrize("name", ABSOLUTE)
def test_equals_tf_gan(name, tfgan_losses):
    theirs = {"hinge": "wasserstein_hinge", "non_saturating": "modified"}.get(name, name)
    real, fake = logits(1)
    smoothing = {"label_smoothing": 0.0} if name in CROSS_ENTROPY else {}
    d_loss = getattr(tfgan_losses, f"{theirs}_discriminator_loss")(real, fake, **smoothing)
    g_loss = getattr(tfgan_losses, f"{theirs}_generator_loss")(fake, **smoothing)
    if name == "minimax":
        g_loss += np.log1p(np.exp(-1.0))  # theirs carries the term of reals whose logits are 1
    loss = adversarial.get(name)
    np.testing.assert_allclose(loss.discriminator(real, fake, 0.0), d_loss, rtol=1e-5)
    np.testing.assert_allclose(loss.generator(fake, None), g_loss, rtol=1e-5)


def test_label_smoothing_equals_tf_gans_at_twice_the_value(tfgan_losses):
    # TF-GAN hands it to the cross-entropy, where s takes the reals' target to 1 - s / 2.
    real, fake = logits(2)
    ours = adversarial.get("minimax").discriminator(real, fake, 0.1)
    theirs = tfgan_losses.minimax_discriminator_loss(real, fake, label_smoothing=0.2)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_label_smoothing_moves_the_reals_target_only():
    real, fake = logits(3)
    p, q, s = sigmoid(real), sigmoid(fake), 0.1
    expected = -np.mean((1 - s) * np.log(p) + s * np.log(1 - p)) - np.mean(np.log(1 - q))
    for name in CROSS_ENTROPY:
        np.testing.assert_allclose(adversarial.get(name).discriminator(real, fake, s), expected, rtol=1e-5)
    expected = np.mean((real - (1 - s)) ** 2) / 2 + np.mean(np.square(fake)) / 2
    np.testing.assert_allclose(
        adversarial.get("least_squares").discriminator(real, fake, s), expected, rtol=1e-5
    )


@settings(max_examples=15, deadline=None)
@given(s=st.floats(0.0, 0.49))
def test_label_smoothing_puts_the_optimum_at_its_target(s):
    # On real images alone the best probability is 1 - s: there the slope is zero.
    best = {"least_squares": 1 - s}
    for name in SMOOTHING:
        logit = best.get(name, np.log((1 - s) / s) if s else 40.0)
        real = tf.Variable([[logit]], dtype=tf.float32)
        with tf.GradientTape() as tape:
            loss = adversarial.get(name).discriminator(real, tf.zeros((1, 1)), s)
        np.testing.assert_allclose(tape.gradient(loss, real), 0, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_only_losses_with_a_target_smooth(name):
    assert adversarial.get(name).smooths == (name in SMOOTHING)
    assert sorted(SMOOTHING) == list(losses.SMOOTHING)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), s=st.sampled_from([0.0, 0.1]))
def test_gradients_equal_their_closed_forms(seed, s):
    real, fake = logits(seed, n=3)
    r, f = real.numpy(), fake.numpy()
    cross_entropy = (sigmoid(r) - (1 - s), sigmoid(f))
    expected = {  # of n times: the discriminator's loss by real and fake, the generator's by fake
        "minimax": (*cross_entropy, -sigmoid(f)),
        "non_saturating": (*cross_entropy, sigmoid(f) - 1),
        "hinge": (-1.0 * (r < 1), 1.0 * (f > -1), -np.ones_like(f)),
        "least_squares": (r - (1 - s), f, f - 1),
        "wasserstein": (-np.ones_like(r), np.ones_like(f), -np.ones_like(f)),
    }
    for name in ABSOLUTE:
        loss = adversarial.get(name)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([real, fake])
            d_loss = loss.discriminator(real, fake, s if loss.smooths else 0.0)
            g_loss = loss.generator(fake, None)
        gradients = (*tape.gradient(d_loss, [real, fake]), tape.gradient(g_loss, fake))
        for gradient, slope in zip(gradients, expected[name]):
            np.testing.assert_allclose(3 * gradient, slope, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("name", ABSOLUTE)
def test_extreme_logits_stay_finite(name):
    loss = adversarial.get(name)
    for sign in (1.0, -1.0):
        real, fake = tf.fill((2, 1), sign * 1e4), tf.fill((2, 1), -sign * 1e4)
        assert np.isfinite(loss.discriminator(real, fake, 0.0))
        assert np.isfinite(loss.generator(fake, None))


def test_the_generators_slope_where_the_discriminator_is_sure():
    # Goodfellow et al. 2014, section 3: minimax saturates where D rejects the fakes, the other does not.
    fake = tf.Variable([[-20.0]])
    slopes = {}
    for name in CROSS_ENTROPY:
        with tf.GradientTape() as tape:
            loss = adversarial.get(name).generator(fake, None)
        slopes[name] = float(tape.gradient(loss, fake)[0, 0])
    assert -1e-6 < slopes["minimax"] < 0
    np.testing.assert_allclose(slopes["non_saturating"], -1.0, atol=1e-6)


def test_probability():
    scores = tf.constant([[-1.0], [0.25], [3.0]])
    for name in CROSS_ENTROPY:
        np.testing.assert_allclose(adversarial.get(name).probability(scores), sigmoid(scores), rtol=1e-5)
    np.testing.assert_allclose(
        adversarial.get("least_squares").probability(scores), [[0.0], [0.25], [1.0]], rtol=1e-6
    )
    assert adversarial.get("hinge").probability is None
    assert adversarial.get("wasserstein").probability is None


def undecided(loss, smoothing):
    """The logit that costs D least where fakes look as reals do; the middle of those that cost the same."""
    grid = np.arange(-2, 4.01, 0.02)  # around 1: no loss prefers that
    logits = [tf.fill((1, 1), np.float32(logit)) for logit in grid]
    costs = np.array([loss.discriminator(logit, logit, smoothing) for logit in logits])
    return grid[costs <= costs.min() + 1e-6].mean()


@pytest.mark.parametrize(
    ("name", "smoothing"), [*((name, 0.0) for name in NAMES), *((name, 0.3) for name in SMOOTHING)]
)
def test_verdicts_are_of_either_sign_where_d_is_undecided_and_over_0_where_it_is_sure(name, smoothing):
    loss, rng = adversarial.get(name), np.random.default_rng(0)
    middle = undecided(loss, smoothing)

    def mean_sign(margin):
        real, fake = (middle + m + 0.1 * rng.normal(size=(4000, 1)) for m in (margin, -margin))
        verdicts = loss.verdicts(tf.cast(real, tf.float32), tf.cast(fake, tf.float32), smoothing)
        assert verdicts.shape == (4000, 1) and verdicts.dtype == tf.float32
        return np.mean(np.sign(verdicts))

    assert abs(mean_sign(0.0)) < 0.1
    assert mean_sign(0.5) > 0.99 and mean_sign(-0.5) < -0.99


def test_verdicts_of_a_loss_of_ones_own():
    real, fake = logits(5)
    make = functools.partial(adversarial.AdversarialLoss, "own", None, None)
    np.testing.assert_array_equal(make().verdicts(real, fake), real)
    np.testing.assert_array_equal(make(relativistic=True).verdicts(real, fake), real - fake)
    own = make(verdict=lambda real, fake, smoothing: real - 3.0 * smoothing)
    np.testing.assert_array_equal(own.verdicts(real, fake, 0.1), real - 3.0 * 0.1)
