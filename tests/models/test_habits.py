"""What Keras users do by habit: it works, or a line says what is wanted. See also test_strangers.py."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

import tfdogs
from tfdogs.models import build

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
LABELS = np.arange(12) % 3


def make(num_classes=0, **kwargs):
    sizes = {"image_size": 8, "latent_dim": 4, "g_channels": 1, "d_channels": 1}
    generator, discriminator = build("mlp", **sizes, num_classes=num_classes)
    return tfdogs.GAN(generator=generator, discriminator=discriminator, **kwargs)


def compiled(gan):
    gan.compile(keras.saving.serialize_keras_object(keras.optimizers.SGD(0.01)), run_eagerly=True)
    return gan


@pytest.fixture(scope="module")
def gan():
    """Steps run one by one: there is nothing to trace."""
    return compiled(make())


@pytest.fixture(scope="module")
def conditional():
    return compiled(make(3))


def dataset(*tensors):
    return tf.data.Dataset.from_tensor_slices(tensors if len(tensors) > 1 else tensors[0])


def refused(match, call, *args, **kwargs):
    with pytest.raises(ValueError, match=match) as error:
        call(*args, **kwargs)
    assert "\n" not in str(error.value) and "Received" in str(error.value)


def endless(*batch):
    while True:
        yield batch if len(batch) > 1 else batch[0]


SHAPES = {
    "channels come last, transpose": lambda: IMAGES.transpose(0, 3, 1, 2),
    r"an axis of channels, images\[..., None\]": lambda: IMAGES[..., 0],
    "a data set has to be batched, by .batch": lambda: dataset(IMAGES),
    "resize the images": lambda: np.zeros((4, 16, 16, 3), np.uint8),
    "convert the images to 3 channels": lambda: IMAGES[..., :1],
    "latents are drawn in training, x are real images": lambda: np.zeros((12, 4), np.float32),
    "floating in .-1, 1.*Received: dtype int64": lambda: IMAGES.astype(np.int64),
    "Received: dtype bool": lambda: IMAGES > 99,
    "Received: dtype string": lambda: np.array(["a.png", "b.png"]),
    "np.stack a list of images, .*Received: a list of 12": lambda: list(IMAGES),
    "pass labels as y. Received: a tuple of 2": lambda: (IMAGES, LABELS),
    "image_dataset_from_directory reads a folder. Received: 'data/dogs'": lambda: "data/dogs",
    "call it. Received: the function endless": lambda: endless,
}


@pytest.mark.parametrize("match", SHAPES)
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_images_that_are_none(match, method, gan):
    before = int(gan.images_seen)
    refused(match, getattr(gan, method), SHAPES[match](), verbose=0)
    assert int(gan.images_seen) == before


WAYS = {
    "a list of one array": lambda: {"x": [IMAGES]},
    "float64": lambda: {"x": IMAGES / 127.5 - 1},
    "a data set of float64": lambda: {"x": dataset(IMAGES / 127.5 - 1).batch(4)},
    "repeated": lambda: {"x": dataset(IMAGES).batch(4).repeat(), "steps_per_epoch": 3},
    "a generator": lambda: {"x": endless(IMAGES[:4]), "steps_per_epoch": 3},
    "a generator of pairs": lambda: {"x": endless(IMAGES[:4], LABELS[:4]), "steps_per_epoch": 3},
    "Keras' old generator": lambda: {"x": old_generator().flow(IMAGES, batch_size=4)},
    "labels that nobody needs": lambda: {"x": IMAGES, "y": LABELS},
}


def old_generator():
    """As tutorials have it, with the range of the images set right."""
    return keras.preprocessing.image.ImageDataGenerator(
        horizontal_flip=True, preprocessing_function=lambda x: x / 127.5 - 1
    )


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_give_images(way, gan):
    before = int(gan.images_seen)
    history = gan.fit(**WAYS[way](), verbose=0).history
    assert int(gan.images_seen) == before + 12 and np.isfinite(history["d_loss"][0])


@pytest.mark.parametrize("mode", ["int", "categorical", None])
def test_a_folder_that_keras_reads(mode, gan, conditional, tmp_path, capsys):
    for i, (image, label) in enumerate(zip(IMAGES, LABELS)):
        (tmp_path / f"class{label}").mkdir(exist_ok=True)
        Image.fromarray(image).save(tmp_path / f"class{label}" / f"{i}.png")
    read = keras.utils.image_dataset_from_directory
    data = read(tmp_path, image_size=(8, 8), batch_size=4, label_mode=mode)
    model = conditional if mode else gan
    refused("cast those of 0 to 255 to uint8. Received: floating images", model.fit, data, verbose=0)
    for convert in (lambda x: x / 127.5 - 1, lambda x: tf.cast(x, tf.uint8)):
        scaled = data.map(lambda x, *y, convert=convert: (convert(x), *y) if y else convert(x))
        before = int(model.images_seen)
        model.fit(scaled, verbose=0)
        assert int(model.images_seen) == before + 12


WATCHERS = {
    r"EarlyStopping\(monitor\) must be one of d_loss.*monitor='val_fid'": lambda: [
        keras.callbacks.EarlyStopping("val_fid")
    ],
    "with validation_data val_d_loss and so on. Received: monitor='val_d_loss'": lambda: [
        keras.callbacks.ReduceLROnPlateau("val_d_loss")
    ],
    r"ModelCheckpoint\(monitor\).*monitor='kid'": lambda: [
        keras.callbacks.ModelCheckpoint("a.keras", monitor="kid", save_best_only=True)
    ],
    r"ModelCheckpoint\(filepath\).*filepath='val_loss'": lambda: [
        keras.callbacks.ModelCheckpoint("a{epoch}-{val_loss:.2f}.keras")
    ],
    "ends in .weights.h5, or has no ending. Received: ck.h5": lambda: [
        keras.callbacks.ModelCheckpoint("ck.h5", save_weights_only=True)
    ],
}


@pytest.mark.parametrize("match", WATCHERS)
def test_callbacks_that_watch_what_there_is_not(match, gan):
    refused(match, gan.fit, IMAGES, verbose=0, callbacks=WATCHERS[match]())


def test_callbacks_that_watch_what_there_is(gan, tmp_path):
    callbacks = [
        keras.callbacks.ReduceLROnPlateau("d_loss"),
        keras.callbacks.EarlyStopping("lr"),
        keras.callbacks.EarlyStopping("val_d_loss", mode="min"),
        keras.callbacks.ModelCheckpoint(str(tmp_path / "{epoch}-{val_g_loss:.2f}.keras")),
        keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
    ]
    gan.fit(IMAGES, verbose=0, validation_split=0.5, callbacks=callbacks)
    assert len(list(tmp_path.glob("1-*.keras"))) == 1
    assert "val_d_loss" in (tmp_path / "log.csv").read_text()

    class Scores(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["fid"] = 7.0

    stop = keras.callbacks.EarlyStopping("fid", patience=0, mode="min")
    assert len(gan.fit(IMAGES, epochs=5, verbose=0, callbacks=[Scores(), stop]).epoch) == 2


def plain_networks(**options):
    generator = keras.Sequential([keras.Input((4,)), layers.Dense(192, "tanh"), layers.Reshape((8, 8, 3))])
    dense = layers.Dense(1, **options)
    return generator, keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), dense])


@pytest.mark.parametrize("name", ["generator", "discriminator"])
def test_a_network_that_was_frozen_for_a_combined_model(name):
    networks = dict(zip(("generator", "discriminator"), plain_networks()))
    networks[name].trainable = False
    gan = compiled(tfdogs.GAN(**networks))
    for call in (gan.fit, gan.train_on_batch):
        refused(f"the {name} has nothing to train: set {name}.trainable = True before", call, IMAGES)
    networks[name].trainable = True
    refused(f"not change after compile.*0 trainable variables of the {name} then, 2 now", gan.fit, IMAGES)
    compiled(gan).fit(IMAGES, verbose=0)


def test_layers_that_are_frozen_in_exchange_for_others():
    gan = make()
    first, last = (gan.discriminator.trainable_variables[i] for i in (0, -1))
    layers_of = {
        id(weight): layer
        for layer in gan.discriminator.submodules
        if isinstance(layer, layers.Dense)
        for weight in layer.trainable_variables
    }
    layers_of[id(first)].trainable = False
    compiled(gan)
    layers_of[id(first)].trainable, layers_of[id(last)].trainable = True, False
    refused("not change after compile.*trainable variables of the discriminator.*but others", gan.fit, IMAGES)


def test_losses_of_layers_are_not_left_aside():
    generator, discriminator = plain_networks(kernel_regularizer="l2")
    gan = compiled(tfdogs.GAN(generator=generator, discriminator=discriminator))
    refused(r"the discriminator has losses of its own.*pass GAN\(regularizers=", gan.fit, IMAGES)
    other = compiled(make())
    other.add_loss(lambda: tf.constant(1.0))
    refused("the GAN has losses of its own", other.fit, IMAGES)


class Clip(keras.constraints.Constraint):
    """As Keras' tutorials on Wasserstein GANs clip weights."""

    def __call__(self, w):
        return tf.clip_by_value(w, -0.01, 0.01)


def test_constraints_of_layers_are_kept():
    generator, discriminator = plain_networks(kernel_constraint=Clip())
    lazy = [tfdogs.R1(interval=2)]
    gan = tfdogs.GAN(
        generator=generator, discriminator=discriminator, loss="wasserstein", regularizers=lazy, ema=None
    )
    gan.compile()
    gan.fit(IMAGES, batch_size=4, verbose=0)
    assert np.abs(discriminator.get_weights()[0]).max() <= np.float32(0.01)


def test_compile_as_in_keras_examples_of_gans(gan):
    for name in ("loss_fn", "g_loss_fn", "d_loss_fn"):
        loss = {name: keras.losses.BinaryCrossentropy(from_logits=True)}
        refused(rf"compile\({name}=...\): the adversarial loss is the GAN's own", make().compile, **loss)
    legacy = {name: keras.optimizers.legacy.Adam() for name in ("g_optimizer", "d_optimizer")}
    refused("of keras.optimizers, not of its legacy. Received: keras.*Adam", make().compile, **legacy)


def test_saving_weights_alone(gan, tmp_path):
    for name in ("a.h5", "a.keras"):
        refused("ends in .weights.h5, or has no ending. Received", gan.save_weights, str(tmp_path / name))
    refused("Received: .*save_format='h5'", gan.save_weights, str(tmp_path / "a"), save_format="h5")
    twin = compiled(make())
    for name in ("a.weights.h5", "b"):
        gan.save_weights(str(tmp_path / name))
        status = twin.load_weights(str(tmp_path / name))
        status.expect_partial() if status is not None else None
        np.testing.assert_array_equal(twin.generate(2), gan.generate(2))


def test_saved_models_are_exports(gan, tmp_path):
    for call in (
        lambda path: gan.export(path),
        lambda path: tf.saved_model.save(gan, path),
        lambda path: keras.models.save_model(gan, path),
        lambda path: keras.models.save_model(gan, path, save_format="tf"),
    ):
        refused("as a SavedModel by tfdogs.serving.saved_model.export", call, str(tmp_path / "dogs"))


def test_looking_at_a_model(gan):
    lines = []
    gan.summary(print_fn=lines.append, expand_nested=True)
    assert any("discriminator" in line for line in lines)
    assert gan.count_params() == sum(np.prod(w.shape) for w in gan.weights)
    assert gan(np.zeros((2, 4), np.float32)).shape == (2, 1)
    assert keras.models.clone_model(gan).generate(2).shape == (2, 8, 8, 3)
    assert tfdogs.GAN.from_config(gan.get_config()).latent_dim == 4
    assert keras.models.model_from_json(gan.to_json()).generate(2).shape == (2, 8, 8, 3)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_batches_smaller_than_the_groups_of_the_minibatchs_deviation(count, stylegan2):
    images = np.random.default_rng(1).integers(0, 256, (count, 28, 28, 1), dtype=np.uint8)
    history = stylegan2.fit(images, batch_size=4, verbose=0).history
    assert all(np.isfinite(values[0]) for values in history.values())


@pytest.fixture(scope="module")
def stylegan2():
    sizes = {"image_size": 28, "channels": 1, "latent_dim": 4, "g_channels": 1, "d_channels": 1}
    generator, discriminator = build("stylegan2", **sizes)
    return compiled(tfdogs.GAN(generator=generator, discriminator=discriminator))
