"""GAN as a keras.Model: its data, its networks, its errors, its pictures."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import tfdogs
from tfdogs.losses.adversarial import AdversarialLoss
from tfdogs.models import build

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
LABELS = np.arange(12) % 3


def networks(**kwargs):
    keras.utils.set_random_seed(0)
    return build("mlp", **{"image_size": 8, "latent_dim": 4, "g_channels": 1, "d_channels": 1, **kwargs})


def gan(num_classes=0, **kwargs):
    generator, discriminator = networks(num_classes=num_classes)
    model = tfdogs.GAN(generator=generator, discriminator=discriminator, **kwargs)
    model.compile()
    return model


def fit(model, x=IMAGES, y=None, **kwargs):
    in_batches = isinstance(x, (tf.data.Dataset, keras.utils.Sequence))
    kwargs = kwargs if in_batches else {"batch_size": 4, "shuffle": False, **kwargs}
    return model.fit(x, y, verbose=0, **kwargs)


def state(model):
    """Everything but the metrics."""
    networks = (model.generator, model.discriminator, model.ema_generator)
    counters = [model.images_seen.numpy(), model.steps_done.numpy()]
    return [w for network in networks for w in network.get_weights()] + counters


class Batches(keras.utils.Sequence):
    def __len__(self):
        return 3

    def __getitem__(self, i):
        return IMAGES[4 * i : 4 * i + 4], LABELS[4 * i : 4 * i + 4]


@pytest.fixture(scope="module")
def conditional(rewinding):
    """A conditional GAN: a function that takes it back to its start and returns it."""
    return rewinding(gan(num_classes=3))


@pytest.fixture(scope="module")
def expected(conditional):
    model = conditional()
    fit(model, IMAGES, LABELS)
    return state(model)


def assert_equal(state, expected):
    for x, y in zip(state, expected):
        np.testing.assert_array_equal(x, y)


KINDS = {
    "numpy": lambda model: fit(model, IMAGES, LABELS),
    "column of labels": lambda model: fit(model, IMAGES, LABELS[:, None]),
    "dataset": lambda model: fit(model, tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(4)),
    "sequence": lambda model: fit(model, Batches(), shuffle=False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_fit_takes_comes_to_the_same(kind, conditional, expected):
    model = conditional()
    KINDS[kind](model)
    assert_equal(state(model), expected)
    assert int(model.images_seen) == 12 and int(model.steps_done) == 3


def test_floats_between_minus_1_and_1_are_the_bytes(conditional, expected):
    model = conditional()
    fit(model, IMAGES.astype(np.float32) / np.float32(127.5) - 1, LABELS)
    for x, y in zip(state(model), expected):  # a compiler may divide otherwise than NumPy in the last bit
        np.testing.assert_allclose(x, y, rtol=1e-3, atol=1e-6)


@pytest.fixture
def trained(conditional, expected):
    model = conditional()
    variables = (model.generator, model.discriminator, model.ema_generator)
    values = iter(expected)
    for network in variables:
        network.set_weights([next(values) for _ in network.get_weights()])
    return model


def test_history_has_every_metric():
    generator, discriminator = networks()
    model = tfdogs.GAN(
        generator=generator, discriminator=discriminator, regularizers=[tfdogs.R1(), tfdogs.GradientPenalty()]
    )
    model.compile()
    # An unconditional GAN leaves labels aside.
    history = fit(model, IMAGES, LABELS, validation_data=(IMAGES[:4], LABELS[:4])).history
    validation = {name for name in history if name.startswith("val_")}
    assert validation == {"val_d_loss", "val_g_loss", "val_d_real", "val_d_fake"}
    assert set(history) - validation == {"d_loss", "g_loss", "d_real", "d_fake", "r1", "gradient_penalty"}
    assert all(np.isfinite(values).all() for values in history.values())
    assert 0 < history["d_real"][0] < 1 and 0 < history["d_fake"][0] < 1
    assert history["gradient_penalty"][0] > 0


def test_evaluate_judges_and_changes_nothing(trained):
    before = state(trained)
    result = trained.evaluate(IMAGES, LABELS, batch_size=4, verbose=0, return_dict=True)
    assert set(result) == {"d_loss", "g_loss", "d_real", "d_fake"}
    # The means over batches of a size are those over all: d_real is D's probability on the images.
    floats = IMAGES.astype(np.float32) / 127.5 - 1
    logits = trained.discriminator((floats, LABELS.astype(np.int32)))
    np.testing.assert_allclose(result["d_real"], np.mean(tf.sigmoid(logits)), rtol=1e-4)
    assert_equal(state(trained), before)
    assert len(trained.evaluate(IMAGES, LABELS, verbose=0)) == 4


def stranger():
    generator = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(192),
            layers.BatchNormalization(),
            layers.Activation("tanh"),
            layers.Reshape((8, 8, 3)),
        ]
    )
    images = keras.Input((8, 8, 3))
    hidden = layers.LeakyReLU()(layers.Conv2D(2, 3, strides=2)(images))
    return generator, keras.Model(images, layers.Dense(1)(layers.Flatten()(hidden)))


def test_strangers_networks_train_save_load_and_generate(tmp_path):
    generator, discriminator = stranger()
    model = tfdogs.GAN(generator=generator, discriminator=discriminator, loss="hinge")
    model.compile(g_optimizer="adam", d_optimizer="adam")
    model.fit(IMAGES, batch_size=4, epochs=1, verbose=0)
    model.save(tmp_path / "dogs.keras")
    loaded = keras.saving.load_model(tmp_path / "dogs.keras")
    np.testing.assert_array_equal(loaded.generate(3, seed=5), model.generate(3, seed=5))
    assert model.generate(3).shape == (3, 8, 8, 3)
    assert loaded.g_optimizer is not loaded.d_optimizer


def test_an_uncompiled_gan_saves_and_loads(tmp_path):
    generator, discriminator = networks()
    model = tfdogs.GAN(generator=generator, discriminator=discriminator)
    model.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert_equal(state(loaded), state(model))


class Subclassed(keras.Model):
    """A stranger's model that Keras cannot copy: its argument is a layer; its call knows no `training`."""

    latent_dim = 4

    def __init__(self, dense):
        super().__init__()
        self.dense, self.reshape = dense, layers.Reshape((8, 8, 3))

    def call(self, inputs):
        return self.reshape(self.dense(inputs))


def test_a_subclassed_generator_without_get_config():
    with pytest.raises(ValueError, match=r"Subclassed cannot be cloned for the average.*pass ema=None"):
        tfdogs.GAN(generator=Subclassed(layers.Dense(192)), discriminator=stranger()[1])
    model = tfdogs.GAN(generator=Subclassed(layers.Dense(192)), discriminator=stranger()[1], ema=None)
    model.compile()
    fit(model)
    assert model.ema_generator is None
    assert model.generate(2).shape == (2, 8, 8, 3)


def test_generate(trained):
    eight = trained.generate(8, seed=2)
    assert eight.shape == (8, 8, 8, 3) and eight.dtype == np.uint8
    np.testing.assert_array_equal(trained.generate(3, seed=2), eight[:3])
    np.testing.assert_array_equal(trained.generate(1, seed=7), eight[5:6])
    # The default label is the seed's remainder.
    np.testing.assert_array_equal(trained.generate(8, seed=2, labels=(2 + np.arange(8)) % 3), eight)
    assert not np.array_equal(trained.generate(8, seed=2, labels=0), eight)
    assert not np.array_equal(trained.generate(8, seed=2, truncation=0.3), eight)
    assert trained.generate(0).shape == (0, 8, 8, 3)
    with pytest.raises(ValueError, match=r"labels must be in \[0, 3\). Received: 3 to 3"):
        trained.generate(1, labels=3)


def test_generate_draws_with_the_average(trained):
    before = trained.generate(2)
    trained.generator.set_weights([np.zeros_like(w) for w in trained.generator.get_weights()])
    np.testing.assert_array_equal(trained.generate(2), before)


def test_generate_covers_the_whole_range_of_bytes():
    # Black is 0 and white 255: without (x + 1) / 2 the dark half of a picture is lost.
    generator = keras.Sequential([keras.Input((4,)), layers.Dense(192, "tanh"), layers.Reshape((8, 8, 3))])
    kernel, bias = np.zeros((4, 192)), np.repeat([-20.0, 0.0, 20.0], 64)
    generator.set_weights([kernel, bias])
    model = tfdogs.GAN(generator=generator, discriminator=stranger()[1])
    np.testing.assert_array_equal(model.generate(1).ravel(), np.repeat([0, 128, 255], 64))


def test_generate_and_evaluate_leave_training_alone(conditional, expected):
    model = conditional()
    model.generate(3)
    fit(model, IMAGES[:4], LABELS[:4])
    model.generate(5, seed=9)
    model.evaluate(IMAGES, LABELS, batch_size=4, verbose=0)
    tf.random.normal([3])
    np.random.random(3)
    fit(model, IMAGES[4:], LABELS[4:])
    assert_equal(state(model), expected)


def test_call_runs_through_both_networks(trained):
    z, labels = np.zeros((2, 4), np.float32), np.array([0, 1], np.int32)
    expected = trained.discriminator((trained.generator((z, labels)), labels))
    np.testing.assert_array_equal(trained((z, labels)), expected)
    trained.summary(print_fn=lambda *_: None)


def test_config_round_trip():
    model = gan(
        num_classes=3,
        loss="least-squares",
        label_smoothing=0.1,
        regularizers=[tfdogs.R1(0.5, interval=4), tfdogs.GradientPenalty(3.0)],
        augment=tfdogs.DiffAugment("cutout"),
        ema=tfdogs.EMA(2.0, rampup=None),
        d_steps=2,
        latent="uniform",
        seed=9,
        name="dogs",
    )
    twin = tfdogs.GAN.from_config(model.get_config())
    assert twin.get_config() == model.get_config()
    assert twin.regularizers[0].gamma == 0.5 and twin.ema.rampup is None and twin.num_classes == 3
    assert gan(ema=None).get_config()["ema"] is None


def test_the_defaults_are_dcgans():
    model = gan()
    for optimizer in (model.g_optimizer, model.d_optimizer):
        assert optimizer.get_config()["beta_1"] == 0.5
        np.testing.assert_allclose(optimizer.learning_rate, 2e-4)
    assert model.optimizer.iterations is model.d_optimizer.iterations  # Keras attaches no third


def test_a_loss_of_ones_own_trains():
    own = AdversarialLoss("own", lambda real, fake, _: tf.constant(0.25), lambda fake, real: tf.constant(0.5))
    model = gan(loss=own)
    history = fit(model).history
    assert history["d_loss"] == [0.25] and history["g_loss"] == [0.5]
    with pytest.raises(ValueError, match=r"cannot be saved.*Received: own"):
        model.get_config()
