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
        ("cannot serve two networks.*optimizer=list", {"optimizer": ["adam", "sgd"]}),
        ("optimizer must be an optimizer's name.*class", {"optimizer": keras.optimizers.Adam}),
        (
            "g_optimizer must be an .*class",
            dict.fromkeys(("g_optimizer", "d_optimizer"), keras.optimizers.SGD),
        ),
        (r"optimizer must be .*Received: \{'g': 'adam'", {"optimizer": {"g": "adam", "d": "sgd"}}),
        ("steps_per_execution must be .*Received: 0", {"steps_per_execution": 0}),
        ("jit_compile must be True or False.*'auto'", {"jit_compile": "auto"}),
        ("run_eagerly must be True or False.*'no'", {"run_eagerly": "no"}),
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


@pytest.mark.parametrize(
    ("match", "kwargs"),
    [
        ("batch_size must be a whole number", {"batch_size": 0}),  # which Keras would take for 32
        ("steps_per_epoch must be a whole number", {"steps_per_epoch": 1.5}),
        ("validation_freq must be .*Received: 0", {"validation_freq": 0, "validation_data": IMAGES}),
        ("validation_freq needs validation_data .*=2 alone", {"validation_freq": 2}),
        ("validation_steps needs validation_data", {"validation_steps": 2}),
        ("number of the last epoch.*epochs=5, initial_epoch=10", {"epochs": 5, "initial_epoch": 10}),
        ("callbacks must be objects .*class", {"callbacks": [keras.callbacks.EarlyStopping]}),
        ("callbacks must be objects .*Received: 'early'", {"callbacks": "early"}),
    ],
)
def test_what_fit_would_obey_by_half(match, kwargs, gan):
    refused(match, gan.fit, IMAGES, verbose=0, **kwargs)
    assert int(gan.images_seen) == 0


def test_data_sets_have_batches_of_their_own(gan):
    data = tf.data.Dataset.from_tensor_slices(IMAGES).batch(4)
    refused("^batch_size is for arrays.*Dataset.*=2", gan.fit, data, batch_size=2)
    held_out = {"validation_data": data, "validation_batch_size": 2}
    refused("^validation_batch_size is for arrays.*Dataset.*=2", gan.fit, IMAGES, **held_out)
    refused("^batch_size is for arrays", gan.evaluate, data, batch_size=2)
    refused("^y is for arrays.*labels of its own", gan.fit, data, np.zeros(8))
    assert int(gan.images_seen) == 0


class Held(keras.utils.Sequence):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return IMAGES[4 * index : 4 * index + 4]


@pytest.mark.parametrize("held_out", [tf.data.Dataset.from_tensor_slices(IMAGES).batch(4), Held()])
def test_a_batch_size_is_of_the_arrays_beside_validation_data_with_their_own(held_out):
    gan = make()
    gan.compile()
    history = gan.fit(IMAGES, batch_size=2, validation_data=held_out, verbose=0).history
    assert np.isfinite(history["val_d_loss"]).all()


def test_optimizers_that_have_trained_other_networks():
    pair = {name: keras.optimizers.Adam() for name in ("g_optimizer", "d_optimizer")}
    gan = make()
    gan.compile(**pair)
    gan.compile(**pair)  # again, for the same ones
    refused("g_optimizer has the state of other variables.*pass a new one, as Adam", make().compile, **pair)


@pytest.mark.parametrize("name", ["optimizer", "g_optimizer", "d_optimizer", "d_steps", "augment", "seed"])
def test_what_cannot_be_set_afterwards(name, gan):
    before = getattr(gan, name)
    with pytest.raises(AttributeError, match=rf"^{name} cannot be set.*Received: {name}="):
        setattr(gan, name, keras.optimizers.Adam(0.1) if "optimizer" in name else 2)
    assert getattr(gan, name) is before


def test_compile_comes_first():
    for call in (make().fit, make().evaluate, make().train_on_batch):
        with pytest.raises(RuntimeError, match=r"^call compile\(\) before.*Received: .*not compiled$"):
            call(IMAGES)


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
