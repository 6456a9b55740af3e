"""What holds for every model: it trains, stops and goes on, is saved and loaded, and is exported."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfdogs
from tfdogs.models import NAMES, build
from tfdogs.serving import saved_model
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.config import TrainConfig

SIZE, CLASSES, BATCH = 32, 3, 6
IMAGES = np.random.default_rng(0).integers(0, 256, (3 * BATCH, SIZE, SIZE, 3), np.uint8)
LABELS = np.arange(len(IMAGES)) % CLASSES
SMALL = {
    "embedding_dim": 4,
    "mapping_layers": 2,
    "w_dim": 8,
    "blocks": 1,
    "group_width": 2,
    "auxiliary": True,
}
# What a model is made for; the others play the default game.
GAMES = {
    "mlp": {"loss": "minimax", "latent": "uniform"},
    "r3gan": {"loss": "relativistic"},
    "sagan": {"loss": "hinge", "d_steps": 2},
    "biggan": {"loss": "hinge"},
    "wgan_gp": {"loss": "wasserstein", "d_steps": 3},
}
# Options that add layers to a network, and the images that they need.
VARIANTS = {
    "dcgan-modulated": {"self_modulation": True},
    "dcgan-fastgan": {"image_size": 64, "skip_excitation": True, "reconstruction": True},
    "r3gan-fastgan": {"skip_excitation": True, "reconstruction": True},
}
# Tracing takes most of the time: the others' graphs are run by the recipes, see test_configs.py, and sagan's
# attention by biggan's.
GRAPHS = {"sngan"}


def images(size):
    return IMAGES.repeat(size // SIZE, axis=1).repeat(size // SIZE, axis=2)


def regularizers(name, more):
    if more.get("reconstruction"):
        return [tfdogs.Reconstruction(), tfdogs.R1(0.1)]
    if name == "wgan_gp":
        return [tfdogs.GradientPenalty(10.0)]
    if name == "r3gan":
        return [tfdogs.R1(0.1), tfdogs.R2(0.1)]
    if name == "stylegan2":
        return [tfdogs.R1(0.1, interval=2), tfdogs.PathLength(interval=2)]
    return [tfdogs.LeCam(0.1)]


def make(variant):
    keras.utils.set_random_seed(1)
    name, more = variant.partition("-")[0], VARIANTS.get(variant, {})
    options = {flag: SMALL[flag] for flag in SMALL if name in tfdogs.models.registry.OPTIONS.get(flag, ())}
    sizes = {"image_size": SIZE, "latent_dim": 6, "num_classes": CLASSES, "g_channels": 2, "d_channels": 2}
    networks = build(name, **{**sizes, **options, **more})
    gan = tfdogs.GAN(
        generator=networks[0],
        discriminator=networks[1],
        regularizers=regularizers(name, more),
        augment=tfdogs.ADA(kimg=0.1, interval=1) if name == "stylegan2" else None,
        ema=0.02,
        auxiliary=0.1 if options.get("auxiliary") else 0.0,
        **GAMES.get(name, {}),
    )
    gan.compile(run_eagerly=name not in GRAPHS)
    return gan


def train(gan, part):
    gan.fit(images(gan.image_shape[0])[part], LABELS[part], batch_size=BATCH, shuffle=False, verbose=0)


def state(gan):
    parts = [gan, gan.g_optimizer, gan.d_optimizer]
    return [
        np.asarray(v)
        for part in parts
        for v in (part.variables() if callable(part.variables) else part.variables)
    ]


@pytest.mark.parametrize("name", [*NAMES, *VARIANTS])
def test_train_stop_go_on_save_load_export(name, tmp_path):
    gan = make(name)
    start = state(gan)
    train(gan, slice(0, 2 * BATCH))
    Checkpoints(tmp_path / "checkpoints", gan).save()
    train(gan, slice(2 * BATCH, None))
    expected, dogs = state(gan), gan.generate(5, seed=3)
    assert all(np.isfinite(value).all() for value in expected)
    moved = [not np.array_equal(a, b) for a, b in zip(start, expected)]
    assert np.mean(moved) > 0.9
    assert dogs.std() > 0

    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(loaded.generate(5, seed=3), dogs)
    for ours, theirs in zip(expected, state(loaded), strict=True):
        np.testing.assert_array_equal(ours, theirs)

    served = tf.saved_model.load(str(saved_model.export(gan, tmp_path / "exports")))
    decoders = sum(decoder.count_params() for decoder in getattr(gan.discriminator, "decoders", None) or ())
    judged = gan.generator.count_params() + gan.discriminator.count_params() - decoders
    assert sum(weight.shape.num_elements() for weight in served.weights) <= judged
    exported = served.signatures["images"]
    rows = {"seed": tf.range(3, 8, dtype=tf.int64), "truncation": tf.zeros(5), "label": tf.fill([5], -1)}
    np.testing.assert_array_equal(exported(**rows)["images"], dogs)

    # An export's variables have neither structure nor order, and yet find their places.
    other = make(name)
    assert not np.array_equal(other.generate(5, seed=3), dogs)
    report = tfdogs.load_networks(other, tmp_path / "exports")
    fresh = {weight for part in report.networks for weight in part.fresh if not weight.startswith("decoder")}
    assert fresh <= {f"classifier/{weight}" for weight in ("kernel", "bias", "u")}
    np.testing.assert_array_equal(other.generate(5, seed=3), dogs)
    z, labels = np.zeros((CLASSES, 6), np.float32), np.arange(CLASSES)
    verdicts = [
        twin.discriminator((gan.generator((z, labels)), labels), training=False) for twin in (gan, other)
    ]
    np.testing.assert_array_equal(*verdicts)

    # Into networks that have gone elsewhere, so that nothing is equal by chance.
    assert Checkpoints(tmp_path / "checkpoints", gan).restore()
    train(gan, slice(2 * BATCH, None))
    for once, again in zip(expected, state(gan), strict=True):
        np.testing.assert_array_equal(once, again)


def test_a_run_in_float16_goes_on_with_its_loss_scale(tmp_path):
    """Also where steps overflow, so that scale and skipped steps are part of the story, and R1 is lazy."""
    keras.utils.set_random_seed(1)
    sizes = {"image_size": SIZE, "latent_dim": 6, "g_channels": 2, "d_channels": 2}
    g, d = build("dcgan", **sizes, d_norm="none", dtype="mixed_float16")
    gan = tfdogs.GAN(generator=g, discriminator=d, regularizers=[tfdogs.R1(0.1, interval=2)], ema=0.02)
    gan.compile(run_eagerly=True)
    twice = np.concatenate([IMAGES, IMAGES])

    def fit(part):
        gan.fit(twice[part], batch_size=BATCH, shuffle=False, verbose=0)
        return [float(optimizer.loss_scale) for optimizer in (gan.g_optimizer, gan.d_optimizer)]

    for optimizer in (gan.g_optimizer, gan.d_optimizer):
        optimizer._loss_scale._current_loss_scale.assign(2.0**30)  # overflows
    fit(slice(0, 3 * BATCH))
    Checkpoints(tmp_path / "checkpoints", gan).save()
    scales = fit(slice(3 * BATCH, None))
    expected = state(gan)
    assert max(scales) < 2.0**30 and all(np.isfinite(value).all() for value in expected)
    assert Checkpoints(tmp_path / "checkpoints", gan).restore()
    assert fit(slice(3 * BATCH, None)) == scales
    for once, again in zip(expected, state(gan), strict=True):
        np.testing.assert_array_equal(once, again)


@pytest.mark.parametrize("name", NAMES)
def test_the_default_configuration_goes_with_it(name):
    needs = {"loss": "wasserstein", "gradient_penalty": 10.0} if name == "wgan_gp" else {}
    assert set(TrainConfig(data_dir="d", model_dir="m", model=name, **needs).network_options) == {
        option for option, models in tfdogs.models.registry.OPTIONS.items() if name in models
    }
