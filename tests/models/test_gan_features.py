"""What a GAN does beyond the plain game: each feature by hand, and all of them in a resumed run."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import tfdogs
from tfdogs.losses.consistency import Consistency
from tfdogs.losses.lecam import LeCam
from tfdogs.losses.orthogonal import Orthogonal
from tfdogs.losses.r2 import R2
from tfdogs.losses.regularizer import Regularizer
from tfdogs.losses.top_k import TopK
from tfdogs.models import latents
from tfdogs.models.noise import Noise, Use
from tfdogs.training.scheduled_adam import ScheduledAdam
from tfdogs.training.schedules import Cosine, Linear

SHAPE, Z = (2, 2, 3), 3
REALS = np.random.default_rng(0).uniform(-1, 1, (24, *SHAPE)).astype(np.float32)


def networks():
    keras.utils.set_random_seed(1)
    generator = keras.Sequential([keras.Input((Z,)), layers.Dense(12, "tanh"), layers.Reshape(SHAPE)])
    discriminator = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(1)])
    return generator, discriminator


def make(generator=None, discriminator=None, *, g_rate=0.0, d_rate=0.0, **kwargs):
    """A GAN that runs eagerly: the networks are so small that tracing would cost more."""
    g, d = networks()
    gan = tfdogs.GAN(generator=generator or g, discriminator=discriminator or d, **kwargs)
    gan.compile(
        g_optimizer=keras.optimizers.SGD(g_rate), d_optimizer=keras.optimizers.SGD(d_rate), run_eagerly=True
    )
    return gan


def fit(gan, images=REALS[:6], batch_size=6, **kwargs):
    return gan.fit(images, batch_size=batch_size, shuffle=False, verbose=0, **kwargs).history


def drawn(gan, count=6, seen=0):
    """The latents and fakes of the step that begins after `seen` images, as long as G has not moved."""
    z = latents.sample("normal", [count, Z], Noise.at(gan.seed, seen).fold(0).fold(Use.LATENTS))
    return z, gan.generator(z)


def test_a_relativistic_generator_learns_from_reals_judged_by_the_new_discriminator():
    gan = make(loss="relativistic", g_rate=0.5, d_rate=0.5)
    z, fakes = drawn(gan)
    a, c = gan.discriminator.get_weights()
    flat = REALS[:6].reshape(6, -1), fakes.numpy().reshape(6, -1)
    history = fit(gan)

    def wrong(a):  # sigmoid(D(fake) - D(real))
        return 1 / (1 + np.exp((flat[0] - flat[1]) @ a))

    stepped = a + 0.5 * ((flat[0] - flat[1]) * wrong(a)).mean(0)[:, None]
    np.testing.assert_allclose(gan.discriminator.get_weights()[0], stepped, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(gan.discriminator.get_weights()[1], c)  # no difference has a bias
    slope = -(1 - wrong(stepped)) / 6 @ stepped.T * (1 - flat[1] ** 2)
    make_weights = networks()[0].get_weights()
    np.testing.assert_allclose(
        gan.generator.get_weights()[0], make_weights[0] - 0.5 * z.numpy().T @ slope, rtol=1e-3, atol=1e-5
    )
    # The metrics are scores, of which the difference alone has a meaning.
    gap = np.mean((flat[0] - flat[1]) @ a)
    np.testing.assert_allclose(history["d_real"][0] - history["d_fake"][0], gap, rtol=1e-3, atol=1e-5)


def test_a_relativistic_gan_evaluates():
    gan = make(loss="relativistic_average_hinge")
    result = gan.evaluate(REALS, batch_size=8, verbose=0, return_dict=True)
    assert set(result) == {"d_loss", "g_loss", "d_real", "d_fake"} and all(map(np.isfinite, result.values()))


def test_top_k_teaches_the_generator_by_its_best_fakes_only():
    gan = make(loss="wasserstein", top_k=TopK(0.5, kimg=0))
    _, fakes = drawn(gan)
    best = np.sort(gan.discriminator(fakes).numpy().ravel())[3:]
    np.testing.assert_allclose(fit(gan)["g_loss"], -best.mean(), rtol=1e-4)


def test_xla_cannot_do_top_k():
    with pytest.raises(ValueError, match=r"jit_compile must be False with top_k\. Received"):
        make(top_k=TopK()).compile(jit_compile=True)


def test_top_k_keeps_pairs_together():
    gan = make(loss="relativistic", top_k=TopK(0.5, kimg=0))
    _, fakes = drawn(gan)
    fake, real = (gan.discriminator(x).numpy().ravel() for x in (fakes, REALS[:6]))
    best = np.argsort(fake)[3:]
    expected = np.log1p(np.exp(real[best] - fake[best])).mean()
    np.testing.assert_allclose(fit(gan)["g_loss"], expected, rtol=1e-4)


@keras.saving.register_keras_serializable("tfdogs_test_gan_features")
class Classifier(keras.Model):
    """A conditional discriminator that can name the class; unconditional in its verdict."""

    auxiliary = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flat, self.verdict, self.classes = layers.Flatten(), layers.Dense(1), layers.Dense(3)

    def call(self, inputs, training=None):
        return self.judge_and_classify(inputs, training)[0]

    def judge_and_classify(self, inputs, training=None):
        features = self.flat(inputs[0])
        return self.verdict(features), self.classes(features)


class Conditional(keras.Model):
    num_classes, latent_dim = 3, Z

    def __init__(self):
        super().__init__()
        self.dense, self.embedding = layers.Dense(12, "tanh"), layers.Embedding(3, Z)
        self.reshape = layers.Reshape(SHAPE)

    def call(self, inputs):
        return self.reshape(self.dense(inputs[0] + self.embedding(inputs[1])))


def test_the_auxiliary_classifier_learns_from_reals_and_teaches_by_fakes():
    keras.utils.set_random_seed(0)
    labels = np.arange(6) % 3
    gan = make(
        Conditional(), Classifier(), auxiliary=0.5, ema=None, d_rate=0.1, g_rate=0.1, loss="wasserstein"
    )
    z = latents.sample("normal", [6, Z], Noise.at(0, 0).fold(0).fold(Use.LATENTS))
    fakes = gan.generator((z, labels))

    def cross_entropy(images, kernel, bias):
        logits = np.reshape(images, (6, -1)) @ kernel + bias
        return -np.mean(tf.nn.log_softmax(logits).numpy()[np.arange(6), labels])

    kernel, bias = gan.discriminator.classes.get_weights()
    with tf.GradientTape() as tape:
        logits = gan.discriminator.classes(REALS[:6].reshape(6, -1))
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))
    slope = tape.gradient(loss, gan.discriminator.classes.kernel)
    embeddings = gan.generator.embedding.get_weights()[0]
    history = fit(gan, y=labels)
    np.testing.assert_allclose(history["d_class_loss"], cross_entropy(REALS[:6], kernel, bias), rtol=1e-4)
    moved = gan.discriminator.classes.get_weights()
    np.testing.assert_allclose(moved[0], kernel - 0.1 * 0.5 * slope, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(history["g_class_loss"], cross_entropy(fakes, *moved), rtol=1e-4)
    assert not np.allclose(gan.generator.embedding.get_weights()[0], embeddings)


def test_an_auxiliary_loss_needs_a_classifier():
    for wrong in (1.0, -1.0, np.nan):
        with pytest.raises(ValueError, match=f"auxiliary must be 0 or more.*Received: auxiliary={wrong}"):
            make(auxiliary=wrong)


def test_instance_noise_is_on_all_that_the_discriminator_sees():
    gan = make(loss="wasserstein", instance_noise=Linear(10.0, 0.0, kimg=0.012))
    a, c = gan.discriminator.get_weights()
    noisy = [fit(gan, epochs=1)["d_real"][0] for _ in range(3)]  # at 0, 6 and 12 images
    clean = np.mean(REALS[:6].reshape(6, -1) @ a + c)
    assert abs(noisy[0] - clean) > 0.1 and noisy[2] == pytest.approx(clean, rel=1e-4)
    for wrong in (-0.1, np.nan):
        with pytest.raises(ValueError, match=f"instance_noise must be 0 or more. Received.*{wrong}"):
            make(instance_noise=wrong)


class Watchful:
    """An augmentation with state: it counts what it is told."""

    def build(self, add_state):
        self.p = add_state("augment_p", initial=0.25)
        self.told = []

    @property
    def tracked(self):
        return {"augment_p": self.p}

    def __call__(self, images, noise):
        return images

    def observe(self, verdicts, images):
        self.told.append((verdicts.numpy(), int(images)))
        self.p.assign(self.p + 0.5)


@pytest.mark.parametrize("loss", ["wasserstein", "relativistic"])
def test_an_augmentation_is_told_the_verdicts_after_each_update(loss):
    gan = make(loss=loss, augment=Watchful(), d_steps=2)
    real = gan.discriminator(REALS[:6]).numpy().ravel()
    history = fit(gan)
    told = gan.augment.told
    assert [images for _, images in told] == [3, 3] and history["augment_p"] == [1.25]
    expected = real[:3]
    if loss == "relativistic":
        expected = expected - gan.discriminator(drawn(gan, 3)[1]).numpy().ravel()
    np.testing.assert_allclose(told[0][0], expected, rtol=1e-4, atol=1e-6)
    assert gan.states["augment_p"] is gan.augment.p


class Pull(Regularizer):
    """Of the generator: the mean of its images, by noise and labels that it is handed."""

    name, network = "pull", "generator"

    def __call__(self, generator, z, labels, noise):
        assert labels is None and noise.uniform([1]).shape == (1,)
        return tf.reduce_mean(generator(z))


def test_a_generators_regularizer_moves_the_generator_only():
    keras.utils.set_random_seed(0)
    gan = make(loss="wasserstein", regularizers=[Pull(2)], g_rate=0.5)
    gan.discriminator.set_weights([np.zeros_like(w) for w in gan.discriminator.get_weights()])
    z, _ = drawn(gan)
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(gan.generator(z))
    slope = tape.gradient(value, gan.generator.trainable_variables[0])
    before = gan.generator.get_weights()[0]
    history = fit(gan)
    np.testing.assert_allclose(history["pull"], value, rtol=1e-5)
    after = gan.generator.get_weights()[0]
    np.testing.assert_allclose(after, before - 0.5 * 2 * slope, rtol=1e-4, atol=1e-6)
    fit(gan)  # a step without it
    np.testing.assert_array_equal(gan.generator.get_weights()[0], after)


class Noisy(keras.Model):
    takes_noise, latent_dim = True, Z

    def __init__(self):
        super().__init__()
        self.dense, self.reshape = layers.Dense(12), layers.Reshape(SHAPE)

    def call(self, inputs, training=None, noise=None):
        images = self.reshape(self.dense(inputs))
        if noise is None:
            return images
        assert training
        return images + noise.normal(tf.shape(images))


def test_a_generator_that_takes_noise_gets_it_in_training_only():
    gan = make(Noisy(), loss="wasserstein", ema=None)
    _, fakes = drawn(gan)
    fakes += Noise.at(0, 0).fold(0).fold(Use.GENERATOR).normal([6, *SHAPE])
    np.testing.assert_allclose(fit(gan)["d_fake"], np.mean(gan.discriminator(fakes)), rtol=1e-4)
    np.testing.assert_array_equal(gan.generate(2), gan.generate(2))


class Counting(keras.Model):
    """A discriminator that counts its passes."""

    def __init__(self):
        super().__init__()
        self.flat, self.dense, self.passes = layers.Flatten(), layers.Dense(1), 0

    def call(self, images):
        self.passes += 1
        return self.dense(self.flat(images))


@pytest.mark.parametrize(
    ("regularizers", "passes"),
    [
        ([], 3),
        ([LeCam()], 3),
        ([Consistency()], 5),
        ([tfdogs.R1(), R2()], 3),  # the gradients by the images come out of the passes of the loss
        ([tfdogs.GradientPenalty()], 4),
        ([LeCam(interval=2)], 5),
    ],
    ids=["none", "lecam", "consistency", "r1 and r2", "gradient penalty", "lazy"],
)
def test_passes_of_the_discriminator(regularizers, passes):
    gan = make(discriminator=Counting(), regularizers=regularizers)
    gan.discriminator.passes = 0
    fit(gan)
    assert gan.discriminator.passes == passes


def test_r1_and_r2_out_of_the_losses_passes_are_those_of_passes_of_their_own():
    def apart(kind):
        class Apart(kind):
            def __call__(self, discriminate, reals, fakes, noise):
                # Other tensors than the loss's: they are judged again.
                return super().__call__(discriminate, tf.identity(reals), tf.identity(fakes), noise)

        return Apart

    weights = []
    for kinds in ((tfdogs.R1, R2), (apart(tfdogs.R1), apart(R2))):
        keras.utils.set_random_seed(4)
        discriminator = keras.Sequential(
            [
                keras.Input(SHAPE),
                layers.Conv2D(4, 2, activation="softplus"),
                layers.Flatten(),
                layers.Dense(1),
            ]
        )
        gan = make(discriminator=discriminator, regularizers=[kind(4.0) for kind in kinds], d_rate=0.5)
        fit(gan)
        weights.append(discriminator.get_weights())
    for a, b in zip(*weights):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_lecam_pulls_through_the_logits_of_the_loss():
    gan = make(loss="wasserstein", regularizers=[LeCam(0.5)], d_rate=0.1)
    gan.regularizers[0].observe(tf.constant([2.0, -1.0]), tf.constant(1.0))
    a, c = gan.discriminator.get_weights()
    _, fakes = drawn(gan)
    reals, fakes = REALS[:6].reshape(6, -1), fakes.numpy().reshape(6, -1)
    real, fake = reals @ a + c, fakes @ a + c
    fit(gan)
    slope = (fakes - reals).mean(0)[:, None]
    slope = slope + 0.5 * 2 * (reals.T @ (real + 1.0) + fakes.T @ (fake - 2.0)) / 6
    np.testing.assert_allclose(gan.discriminator.get_weights()[0], a - 0.1 * slope, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(gan.states["lecam_share"], 1 - 0.99**2, rtol=1e-4)


def test_names_of_states_are_their_own():
    class Again(LeCam):
        name = "again"

    with pytest.raises(ValueError, match=r"names of their own\. Received: lecam_real twice"):
        make(regularizers=[LeCam(), Again()])


def everything():
    """Whatever has a state or a clock, together."""
    generator, discriminator = networks()
    gan = tfdogs.GAN(
        generator=generator,
        discriminator=discriminator,
        loss="relativistic_average",
        regularizers=[
            LeCam(start_kimg=0.005, schedule=Cosine(1.0, 0.5, kimg=0.02)),
            tfdogs.R1(0.5, interval=2, schedule=Cosine(1.0, 0.1, kimg=0.02)),
            Orthogonal(0.1, interval=3),
        ],
        instance_noise=Linear(0.1, 0.0, kimg=0.02),
        top_k=TopK(0.5, kimg=0.02),
        ema=tfdogs.EMA(0.01, rampup=None, schedule=Cosine(0.1, 1.0, kimg=0.02)),
        tracks=[tfdogs.EMA(0.1, rampup=None)],
        seed=3,
    )
    gan.compile(
        g_optimizer=ScheduledAdam(
            Cosine(0.1, 0.01, kimg=0.02), 0.0, Cosine(0.9, 0.99, kimg=0.02), images_per_step=4
        ),
        d_optimizer=ScheduledAdam(0.01, 0.0, Cosine(0.9, 0.99, kimg=0.02), images_per_step=4),
    )
    return gan


def state(gan):
    metrics = {v.ref() for metric in gan.metrics for v in metric.variables}
    variables = [v for v in gan.variables if v.ref() not in metrics]
    return [v.numpy() for v in (*variables, *gan.g_optimizer.variables, *gan.d_optimizer.variables)]


def test_all_together_a_run_that_is_saved_and_loaded_goes_on_bit_for_bit(tmp_path):
    gan = everything()
    fit(gan, REALS[:12], 4)  # an odd number of steps: whose turn it is has to be remembered
    gan.save(tmp_path / "gan.keras")
    half = state(gan)
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.get_config() == gan.get_config()
    for a, b in zip(state(loaded), half):
        np.testing.assert_array_equal(a, b)
    assert float(loaded.states["lecam_share"]) > 0
    for model in (gan, loaded):
        fit(model, REALS[12:], 4)
    whole, resumed = state(gan), state(loaded)
    assert len(whole) == len(resumed) == len(half)
    for a, b in zip(whole, resumed):
        np.testing.assert_array_equal(a, b)
    assert all(np.isfinite(value).all() for value in whole)
    assert sum(not np.array_equal(a, b) for a, b in zip(half, whole)) > 15
