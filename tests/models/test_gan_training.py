"""What a training step of the GAN computes, and that a run which stops and goes on is one run."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import tfdogs
from tfdogs.losses import SIMULTANEOUS
from tfdogs.losses.regularizer import Regularizer
from tfdogs.models import build, latents
from tfdogs.models.noise import Noise

LossScale = keras.mixed_precision.LossScaleOptimizer
SHAPE, Z = (2, 2, 3), 3
REALS = np.random.default_rng(0).uniform(-1, 1, (24, *SHAPE)).astype(np.float32)


def sgd(rate):
    return keras.optimizers.SGD(rate)


def linear_gan(*, g_rate=0.5, d_rate=0.5, **kwargs):
    """G(z) = tanh(W z + b), D(x) = a x + c: small enough to train by hand."""
    keras.utils.set_random_seed(1)
    pixels = int(np.prod(SHAPE))
    generator = keras.Sequential([keras.Input((Z,)), layers.Dense(pixels, "tanh"), layers.Reshape(SHAPE)])
    discriminator = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(1)])
    gan = tfdogs.GAN(generator=generator, discriminator=discriminator, **kwargs)
    gan.compile(g_optimizer=sgd(g_rate), d_optimizer=sgd(d_rate))
    return gan


def fit(gan, images, batch_size, **kwargs):
    return gan.fit(images, batch_size=batch_size, shuffle=False, verbose=0, **kwargs).history


def by_hand(
    gan,
    batches,
    *,
    d_steps=1,
    gamma=0.0,
    interval=1,
    rate=0.5,
    smoothing=0.0,
    simultaneous=False,
    augmented=1.0,
):
    """The non-saturating game with R1 in NumPy, on GAN's own latents; D sees images times `augmented`."""
    weights = (*gan.generator.get_weights(), *gan.discriminator.get_weights())
    w, b, a, c = (x.astype(np.float64) for x in weights)
    seen = 0
    for step, batch in enumerate(batches):
        for part, reals in enumerate(np.split(batch.reshape(len(batch), -1), d_steps)):
            n = len(reals)
            noise = Noise.at(gan.seed, seen).fold(part).fold(0)
            z = latents.sample(gan.latent, [n, Z], noise).numpy()
            fakes = np.tanh(z @ w + b)
            # d/dl of -(1 - s) log D - s log(1 - D) is D - (1 - s); of -log(1 - D) it is D.
            reals, seen_fakes = augmented * reals, augmented * fakes
            real_slope = (sigmoid(reals @ a + c) - (1 - smoothing)) / n
            fake_slope = sigmoid(seen_fakes @ a + c) / n
            every_step = gamma * a if interval == 1 else 0
            before = a, c
            a, c = (
                a - rate * (reals.T @ real_slope + seen_fakes.T @ fake_slope + every_step),
                c - rate * (real_slope.sum() + fake_slope.sum()),
            )
            if interval > 1 and step % interval == 0:
                a = a - rate * interval * gamma * a
        # G learns from the last fakes through the D that has just learned from them, or is to learn.
        ga, gc = before if simultaneous else (a, c)
        slope = augmented * (sigmoid(seen_fakes @ ga + gc) - 1) / n @ ga.T * (1 - fakes**2)
        w, b = w - rate * z.T @ slope, b - rate * slope.sum(0)
        seen += len(batch)
    return w, b, a, c


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


CASES = [
    {},
    {"d_steps": 3, "smoothing": 0.1},
    {"gamma": 0.4},
    {"simultaneous": True, "gamma": 0.4},
    {"simultaneous": True, "d_steps": 3, "smoothing": 0.1},
    {"augmented": 0.5, "gamma": 0.4},
    {"augmented": 0.5, "gamma": 0.4, "simultaneous": True},
    {"d_steps": 2, "gamma": 0.1, "interval": 2},
]


@pytest.mark.parametrize(
    ("case", "steps_per_execution"), [*((case, 1) for case in CASES), (CASES[-1], 3)], ids=str
)
def test_three_steps_equal_the_algorithm_by_hand(case, steps_per_execution):
    gamma, interval, d_steps = case.get("gamma"), case.get("interval", 1), case.get("d_steps", 1)
    regularizers = [tfdogs.R1(gamma, interval=interval)] if gamma else []
    factor = case.get("augmented", 1.0)
    gan = linear_gan(
        augment=(lambda images, noise: factor * images) if factor != 1 else None,
        d_steps=d_steps,
        label_smoothing=case.get("smoothing", 0.0),
        regularizers=regularizers,
        simultaneous=case.get("simultaneous", False),
    )
    gan.compile(g_optimizer=sgd(0.5), d_optimizer=sgd(0.5), steps_per_execution=steps_per_execution)
    expected = by_hand(gan, np.split(REALS[:18], 3), **case)
    history = fit(gan, REALS[:18], 6)
    for value, hand in zip((*gan.generator.get_weights(), *gan.discriminator.get_weights()), expected):
        np.testing.assert_allclose(value, hand, rtol=1e-4, atol=1e-6)
    assert int(gan.g_optimizer.iterations) == 3  # one update of G a step, however many of D
    lazy = 0 if interval == 1 else 2  # due in the first step and the third
    assert int(gan.d_optimizer.iterations) == (3 + lazy) * d_steps
    assert ("r1" in history) == bool(gamma)


@pytest.mark.parametrize("loss", SIMULTANEOUS)
@pytest.mark.parametrize("conditional", [False, True])
def test_a_simultaneous_update_of_the_generator_is_that_through_a_discriminator_which_stands(
    loss, conditional
):
    def update(simultaneous):
        keras.utils.set_random_seed(2)
        options = {"d_norm": "none", "g_channels": 4, "d_channels": 4, "num_classes": 3 * conditional}
        generator, discriminator = build("dcgan", image_size=32, latent_dim=5, **options)
        gan = tfdogs.GAN(
            generator=generator,
            discriminator=discriminator,
            loss=loss,
            regularizers=[tfdogs.R1(1.0), tfdogs.Orthogonal(1e-2)],
            simultaneous=simultaneous,
        )
        gan.compile(g_optimizer=sgd(1.0), d_optimizer=sgd(0.0))
        before = [weight.numpy() for weight in generator.trainable_variables]
        images = np.random.default_rng(3).integers(0, 256, (6, 32, 32, 3), np.uint8)
        history = fit(gan, images, 6, **({"y": np.arange(6) % 3} if conditional else {}))
        changes = [now.numpy() - then for now, then in zip(generator.trainable_variables, before)]
        return changes, history

    (ours, ours_history), (theirs, theirs_history) = update(True), update(False)
    for name, value in theirs_history.items():
        np.testing.assert_allclose(ours_history[name], value, rtol=1e-5, atol=1e-6)
    for mine, other in zip(ours, theirs):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-5 * max(np.abs(other).max(), 1e-6))


@pytest.mark.parametrize("moves", ["generator", "discriminator"])
def test_each_network_moves_by_its_own_optimizer_only(moves):
    gan = linear_gan(g_rate=float(moves == "generator"), d_rate=float(moves == "discriminator"))
    before = {name: getattr(gan, name).get_weights() for name in ("generator", "discriminator")}
    fit(gan, REALS[:8], 8)
    for name, weights in before.items():
        same = [np.array_equal(a, b) for a, b in zip(weights, getattr(gan, name).get_weights())]
        assert not any(same) if name == moves else all(same)


def test_metrics_are_the_losses_and_mean_probabilities():
    gan = linear_gan(g_rate=0.0, d_rate=0.0, regularizers=[tfdogs.R1(2.0, interval=2)])
    w, b, a, c = (*gan.generator.get_weights(), *gan.discriminator.get_weights())
    history = fit(gan, REALS[:24], 6)
    real = sigmoid(REALS.reshape(24, -1) @ a + c)
    fakes = [
        np.tanh(latents.sample("normal", [6, Z], Noise.at(0, seen).fold(0).fold(0)) @ w + b)
        for seen in (0, 6, 12, 18)
    ]
    fake = sigmoid(np.concatenate(fakes) @ a + c)
    np.testing.assert_allclose(history["d_real"], real.mean(), rtol=1e-4)
    np.testing.assert_allclose(history["d_fake"], fake.mean(), rtol=1e-4)
    np.testing.assert_allclose(history["d_loss"], -np.log(real).mean() - np.log(1 - fake).mean(), rtol=1e-4)
    np.testing.assert_allclose(history["g_loss"], -np.log(fake).mean(), rtol=1e-4)
    # The mean of the steps in which it is due: neither the lazy factor nor the pauses show.
    np.testing.assert_allclose(history["r1"], np.sum(a**2), rtol=1e-4)


@keras.saving.register_keras_serializable("tfdogs_test_gan_training")
class Slope(Regularizer):
    """E[D(x + 1) - D(x)]: of a linear D the sum of its weights, whose gradient is 1 everywhere."""

    name = "slope"

    def __call__(self, discriminate, reals, fakes, noise):
        return tf.reduce_mean(discriminate(reals + 1.0) - discriminate(reals))


def test_lazy_regularization_comes_to_the_same_sum():
    weights = []
    for interval in (1, 4):
        # With wasserstein a linear D's loss has a slope that does not depend on D.
        gan = linear_gan(g_rate=0.0, d_rate=0.1, loss="wasserstein", regularizers=[Slope(interval)])
        fit(gan, REALS, 3)  # eight steps
        weights.append(gan.discriminator.get_weights())
    for a, b in zip(*weights):
        np.testing.assert_allclose(a, b, atol=1e-5)


def normalized(where):
    """A pair with BatchNorm in one of the networks."""
    keras.utils.set_random_seed(2)
    g_norm = [layers.BatchNormalization(momentum=0.5)] if where == "generator" else []
    d_norm = [layers.BatchNormalization(momentum=0.5)] if where == "discriminator" else []
    generator = keras.Sequential([keras.Input((Z,)), layers.Dense(12), *g_norm, layers.Reshape(SHAPE)])
    discriminator = keras.Sequential([keras.Input(SHAPE), *d_norm, layers.Flatten(), layers.Dense(1)])
    return generator, discriminator


def test_a_discriminators_batch_norm_sees_reals_and_fakes_apart():
    generator, discriminator = normalized("discriminator")
    gan = tfdogs.GAN(generator=generator, discriminator=discriminator)
    gan.compile(g_optimizer=sgd(0.1), d_optimizer=sgd(0.1))
    z = latents.sample("normal", [8, Z], Noise.at(0, 0).fold(0).fold(0))
    fakes = generator(z).numpy()
    fit(gan, REALS[:8], 8)
    mean, variance = np.zeros(3), np.ones(3)
    for batch in (REALS[:8], fakes, fakes):  # D on reals, on fakes, and on the fakes that teach G
        mean = 0.5 * mean + 0.5 * batch.mean((0, 1, 2))
        variance = 0.5 * variance + 0.5 * batch.var((0, 1, 2), ddof=1)
    np.testing.assert_allclose(discriminator.layers[0].moving_mean, mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(discriminator.layers[0].moving_variance, variance, rtol=1e-4)


def test_the_average_follows_its_half_life_batch_norm_included():
    generator, discriminator = normalized("generator")
    gan = tfdogs.GAN(generator=generator, discriminator=discriminator, ema=tfdogs.EMA(0.016, rampup=None))
    gan.compile(g_optimizer=sgd(0.5), d_optimizer=sgd(0.5))
    expected = [w.astype(np.float64) for w in generator.get_weights()]
    for step in range(3):  # a step of 8 images is half of the half-life of 16
        fit(gan, REALS[8 * step : 8 * step + 8], 8)
        pairs = zip(expected, generator.get_weights())
        expected = [0.5**0.5 * old + (1 - 0.5**0.5) * new for old, new in pairs]
    average = gan.ema_generator
    for a, b in zip(average.get_weights(), expected):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    norm = average.layers[1]
    assert not np.allclose(norm.moving_variance, 1) and not np.allclose(norm.moving_mean, 0)
    assert not average.trainable_weights


def test_images_seen_and_a_ramp_up_that_copies_first():
    gan = linear_gan(ema=10.0)
    fit(gan, REALS[:4], 4)
    for a, b in zip(gan.ema_generator.get_weights(), gan.generator.get_weights()):
        np.testing.assert_array_equal(a, b)
    fit(gan, REALS[:6], 4)  # the last batch is short
    assert int(gan.images_seen) == 10 and int(gan.steps_done) == 3
    assert not np.array_equal(gan.ema_generator.get_weights()[0], gan.generator.get_weights()[0])


def dcgan():
    keras.utils.set_random_seed(0)
    generator, discriminator = build(
        "dcgan", image_size=28, latent_dim=4, g_channels=2, d_channels=2, num_classes=3
    )
    gan = tfdogs.GAN(
        generator=generator,
        discriminator=discriminator,
        regularizers=[tfdogs.R1(0.1, interval=2)],
        augment=tfdogs.DiffAugment(),
        latent="uniform",
        ema=1.0,
        seed=7,
    )
    gan.compile()
    return gan


def whole_state(gan):
    optimizers = [v.numpy() for o in (gan.g_optimizer, gan.d_optimizer) for v in o.variables]
    metrics = {v.ref() for metric in gan.metrics for v in metric.variables}
    return optimizers + [v.numpy() for v in gan.variables if v.ref() not in metrics]


def assert_equal(first, second):
    assert len(first) == len(second) > 50
    for a, b in zip(first, second):
        np.testing.assert_array_equal(a, b)


def test_a_run_that_is_saved_and_loaded_goes_on_bit_for_bit(tmp_path):
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (24, 28, 28, 3), dtype=np.uint8)
    labels = rng.integers(0, 3, 24)

    def train(gan, start, stop):
        gan.fit(images[start:stop], labels[start:stop], batch_size=4, shuffle=False, verbose=0)

    gan = dcgan()
    train(gan, 0, 12)  # an odd number of steps: the lazy penalty's turn has to be remembered
    gan.save(tmp_path / "gan.keras")
    half = whole_state(gan)
    keras.utils.set_random_seed(99)
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.get_config() == gan.get_config()
    assert_equal(whole_state(loaded), half)
    for model in (gan, loaded):
        train(model, 12, 24)
        assert int(model.images_seen) == 24 and int(model.g_optimizer.iterations) == 6
    assert_equal(whole_state(loaded), whole_state(gan))
    assert any(not np.array_equal(a, b) for a, b in zip(half, whole_state(gan)))
    np.testing.assert_array_equal(loaded.generate(2), gan.generate(2))


def mlp(dtype, **optimizers):
    networks = build("mlp", image_size=8, latent_dim=Z, g_channels=1, d_channels=1, dtype=dtype)
    gan = tfdogs.GAN(generator=networks[0], discriminator=networks[1])
    gan.compile(**optimizers)
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3), dtype=np.uint8)
    before = [network.get_weights() for network in networks]
    history = fit(gan, images, 4)
    assert all(np.isfinite(v).all() for v in history.values())
    moved = [
        [not np.array_equal(a, b) for a, b in zip(weights, network.get_weights())]
        for weights, network in zip(before, networks)
    ]
    return gan, moved


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(dtype):
    gan, (generator_moved, discriminator_moved) = mlp(dtype)
    assert all(generator_moved) and all(discriminator_moved)
    for optimizer in (gan.g_optimizer, gan.d_optimizer):
        assert isinstance(optimizer, LossScale) == (dtype == "mixed_float16")
        assert int(optimizer.iterations) == 2
    assert {w.dtype.name for w in gan.ema_generator.weights} == {"float32"}


def test_an_overflow_in_float16_skips_the_steps_of_that_network_only():
    optimizer = LossScale(sgd(0.1), initial_scale=2.0**127)
    gan, (generator_moved, discriminator_moved) = mlp("mixed_float16", d_optimizer=optimizer)
    assert all(generator_moved) and not any(discriminator_moved)
    np.testing.assert_allclose(gan.d_optimizer.loss_scale, 2.0**125)  # halved twice


def test_xla():
    gan = linear_gan(regularizers=[tfdogs.R1(0.1, interval=2)])
    gan.compile(g_optimizer=sgd(0.1), d_optimizer=sgd(0.1), jit_compile=True)
    before = gan.generator.get_weights()
    history = fit(gan, REALS[:12], 6)
    assert all(np.isfinite(v).all() for v in history.values())
    assert not np.array_equal(before[0], gan.generator.get_weights()[0])


@pytest.mark.parametrize("interval", [1, 2])
@pytest.mark.parametrize("penalty", [tfdogs.R1, tfdogs.R2])
def test_slope_penalties_before_augmentation_go_through_it(penalty, interval):
    """D is linear: its slope is its kernel, and half of it for images that are seen at half contrast."""

    def first_penalty(before):
        regularizer = penalty(4.0, before_augmentation=before, interval=interval)
        gan = linear_gan(d_rate=0.0, regularizers=[regularizer], augment=lambda images, noise: images / 2)
        kernel = gan.discriminator.get_weights()[0]
        return fit(gan, REALS[:8], 8)[regularizer.name][0], 2.0 * np.sum(kernel**2)

    seen, expected = first_penalty(False)
    np.testing.assert_allclose(seen, expected, rtol=1e-5)
    before, expected = first_penalty(True)
    np.testing.assert_allclose(before, expected / 4, rtol=1e-5)
