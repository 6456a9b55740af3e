"""Arguments of Keras that a GAN obeys, and those that it refuses."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfdogs
from tfdogs.models import build

IMAGES = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3), dtype=np.uint8)
WEIGHTS = np.ones(8, np.float32)


def make(**kwargs):
    generator, discriminator = build("mlp", image_size=8, latent_dim=4, g_channels=1, d_channels=1)
    return tfdogs.GAN(generator=generator, discriminator=discriminator, **kwargs)


@pytest.fixture(scope="module")
def gan():
    model = make()
    model.compile()
    return model


def refused(match, call, *args, **kwargs):
    with pytest.raises(ValueError, match=match) as error:
        call(*args, **kwargs)
    assert "\n" not in str(error.value) and "Received: " in str(error.value)


@pytest.mark.parametrize(
    ("match", "kwargs"),
    [
        (r"compile\(loss=...\): .*GAN\(loss=...\)\. Received: loss='mse'", {"loss": "mse"}),
        (r"compile\(metrics=...\): .*Received: metrics=\['accuracy'\]", {"metrics": ["accuracy"]}),
        (r"compile\(weighted_metrics=", {"weighted_metrics": ["mse"]}),
        (r"compile\(loss_weights=", {"loss_weights": [1.0, 2.0]}),
        (r"compile\(pss_evaluation_shards=", {"pss_evaluation_shards": "auto"}),
        ("use_ema must be False", {"g_optimizer": keras.optimizers.Adam(use_ema=True)}),
        ("pass either it or g_optimizer", {"optimizer": "adam", "d_optimizer": "adam"}),
        ("cannot serve two networks.*optimizer=Adam", {"optimizer": keras.optimizers.Adam()}),
    ],
)
def test_what_compile_refuses(match, kwargs, gan):
    refused(match, gan.compile, **kwargs)


def test_what_compile_takes():
    gan = make()
    gan.compile("adam", None, [], weighted_metrics=None, run_eagerly=True)
    assert type(gan.g_optimizer) is type(gan.d_optimizer) is keras.optimizers.Adam
    assert gan.g_optimizer is not gan.d_optimizer and gan.run_eagerly
    gan.compile(keras.saving.serialize_keras_object(keras.optimizers.SGD(0.5)), loss=None, metrics=None)
    assert float(gan.g_optimizer.learning_rate) == float(gan.d_optimizer.learning_rate) == 0.5
    with pytest.raises(TypeError, match="nothing_such"):
        gan.compile(nothing_such=1)


def test_what_fit_refuses(gan):
    refused(
        r"fit\(sample_weight=...\): .*Received: sample_weight=array", gan.fit, IMAGES, sample_weight=WEIGHTS
    )
    refused(
        r"fit\(class_weight=...\): .*Received: class_weight=\{0: 2.0\}",
        gan.fit,
        IMAGES,
        class_weight={0: 2.0},
    )
    held_out = (IMAGES, np.zeros(8), WEIGHTS)
    refused(r"fit\(sample_weight=", gan.fit, IMAGES, validation_data=held_out)
    weighted = tf.data.Dataset.from_tensor_slices((IMAGES, np.zeros(8), WEIGHTS)).batch(4)
    refused(r"fit\(sample_weight=", gan.fit, weighted, verbose=0)
    assert int(gan.images_seen) == 0
    with pytest.raises(TypeError, match="nothing_such"):
        gan.fit(IMAGES, nothing_such=1)


def test_what_the_other_methods_refuse(gan):
    refused(r"evaluate\(sample_weight=", gan.evaluate, IMAGES, sample_weight=WEIGHTS)
    refused(r"train_on_batch\(sample_weight=", gan.train_on_batch, IMAGES, sample_weight=WEIGHTS)
    refused(r"train_on_batch\(class_weight=", gan.train_on_batch, IMAGES, class_weight={0: 2.0})
    refused(r"test_on_batch\(sample_weight=", gan.test_on_batch, IMAGES, sample_weight=WEIGHTS)


CALLBACKS = {
    "TerminateOnNaN watches 'loss'.*Divergence": lambda path: keras.callbacks.TerminateOnNaN(),
    "EarlyStopping.*d_loss.*monitor='val_loss'": lambda path: keras.callbacks.EarlyStopping(),
    "ReduceLROnPlateau.*monitor='val_loss'": lambda path: keras.callbacks.ReduceLROnPlateau(),
    "ModelCheckpoint.*monitor='val_loss'": lambda path: keras.callbacks.ModelCheckpoint(
        str(path / "ck.keras"), save_best_only=True
    ),
}


@pytest.mark.parametrize("match", CALLBACKS)
def test_callbacks_that_would_do_nothing(match, gan, tmp_path):
    refused(match, gan.fit, IMAGES, callbacks=[CALLBACKS[match](tmp_path)])
    refused(match, gan.fit, IMAGES, callbacks=CALLBACKS[match](tmp_path))


def test_what_fit_and_evaluate_obey(gan, tmp_path):
    seen = int(gan.images_seen)
    stop = keras.callbacks.EarlyStopping("val_d_loss", patience=9)
    keep = keras.callbacks.ModelCheckpoint(str(tmp_path / "ck{epoch}.keras"))
    known = {"batch_size": 4, "verbose": 0, "callbacks": [stop, keep], "initial_epoch": 1, "epochs": 3}
    history = gan.fit(IMAGES, validation_split=0.5, steps_per_epoch=1, validation_freq=2, **known).history
    assert len(history["d_loss"]) == 2 and len(history["val_d_loss"]) == 1
    assert int(gan.images_seen) == seen + 8
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ck2.keras", "ck3.keras"]
    whole, half = (gan.evaluate(IMAGES, batch_size=4, steps=n, verbose=0, return_dict=True) for n in (2, 1))
    assert whole["d_real"] != half["d_real"]
    assert set(gan.train_on_batch(IMAGES, return_dict=True)) == {"d_loss", "g_loss", "d_real", "d_fake"}
    assert len(gan.test_on_batch(IMAGES)) == 4


def test_a_fit_that_was_broken_off_leaves_no_validation_data_behind(gan):
    def stop(batch, logs):
        raise KeyboardInterrupt

    callback, black = keras.callbacks.LambdaCallback(on_test_batch_end=stop), np.zeros_like(IMAGES)
    with pytest.raises(KeyboardInterrupt):
        gan.fit(IMAGES, verbose=0, validation_data=IMAGES, callbacks=[callback])
    history = gan.fit(IMAGES, verbose=0, validation_data=black).history
    expected = gan.evaluate(black, verbose=0, return_dict=True)["d_real"]
    np.testing.assert_allclose(history["val_d_real"], expected, rtol=1e-5)


def test_predict_judges_what_is_drawn(gan):
    z = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    expected = gan.discriminator(gan.generator(z))
    np.testing.assert_allclose(gan.predict(z, batch_size=2, verbose=0), expected, rtol=1e-4, atol=1e-6)
    refused(r"latents, float \[N, 4\].*Received: \(None, 8, 8, 3\)", gan.predict, IMAGES, verbose=0)


def test_predict_with_classes():
    generator, discriminator = build(
        "mlp", image_size=8, latent_dim=4, g_channels=1, d_channels=1, num_classes=3
    )
    gan = tfdogs.GAN(generator=generator, discriminator=discriminator)
    z, labels = np.zeros((3, 4), np.float32), np.arange(3)
    expected = gan.discriminator((gan.generator((z, labels)), labels))
    # The same, whether labels stand beside the latents or come as a data set's labels do.
    for x in ((z, labels), tf.data.Dataset.from_tensor_slices((z, labels)).batch(2)):
        np.testing.assert_allclose(gan.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-6)
    refused(r"\(latents, labels\)", gan.predict, z, verbose=0)
