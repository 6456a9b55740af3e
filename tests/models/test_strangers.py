"""What people hand to a GAN who know other Keras models."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import tfdogs
from tfdogs.models import build

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
LABELS = np.arange(12) % 3


def make(num_classes=0, channels=3, **kwargs):
    keras.utils.set_random_seed(0)
    if channels == 3:
        sizes = {"image_size": 8, "latent_dim": 4, "g_channels": 1, "d_channels": 1}
        generator, discriminator = build("mlp", **sizes, num_classes=num_classes)
    else:
        shape = (8, 8, channels)
        hidden = layers.Dense(int(np.prod(shape)), "tanh")
        generator = keras.Sequential([keras.Input((4,)), hidden, layers.Reshape(shape)])
        discriminator = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(1)])
    gan = tfdogs.GAN(generator=generator, discriminator=discriminator, **kwargs)
    gan.compile()
    return gan


def weights(gan):
    return [*gan.generator.get_weights(), *gan.discriminator.get_weights()]


@pytest.fixture(scope="module")
def conditional(rewinding):
    """A conditional GAN: a function that takes it back to its start and returns it."""
    return rewinding(make(num_classes=3))


def batches(*tensors):
    return tf.data.Dataset.from_tensor_slices(tensors if len(tensors) > 1 else tensors[0]).batch(4)


WAYS = {
    "as tfds gives it": lambda: batches({"image": IMAGES, "label": LABELS.astype(np.int64), "id": LABELS}),
    "a dict and labels": lambda: batches({"images": IMAGES}, LABELS),
    "one-hot": lambda: batches(IMAGES, np.eye(3, dtype=np.float32)[LABELS]),
    "one-hot integers": lambda: batches(IMAGES, np.eye(3, dtype=np.int64)[LABELS]),
    "floats": lambda: batches(IMAGES, LABELS.astype(np.float32)),
    "bytes": lambda: batches(IMAGES, LABELS.astype(np.uint8)),
}


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_give_labels(way, conditional):
    gan = conditional()
    gan.fit(batches(IMAGES, LABELS), verbose=0)
    expected = weights(gan)
    gan = conditional()
    gan.fit(WAYS[way](), verbose=0)
    for a, b in zip(weights(gan), expected):
        np.testing.assert_array_equal(a, b)


WRONG_LABELS = {
    r"in \[0, 3\) or one-hot. Received: values from 0 to 3 in rows of 1$": LABELS + 1 * (LABELS == 2),
    r"Received: values from -1 to 1 in": LABELS - 1,
    r"Received: values from 0.5 to 2.5 in": LABELS + 0.5,
    r"Received: values from 0.1 to 0.* in rows of 3$": np.full((12, 3), 0.1) + 0.7 * np.eye(3)[LABELS],
    r"Received: (shape \(None, 2\)|values from 0 to 1 in rows of 2)$": np.eye(3)[LABELS][:, :2],
    r"Received: dtype string$": LABELS.astype(str),
    r"needs labels beside the images. Received: none$": None,
}


@pytest.mark.parametrize("message", WRONG_LABELS)
def test_labels_that_are_none(message, conditional):
    gan, labels = conditional(), WRONG_LABELS[message]
    data = batches(IMAGES) if labels is None else batches(IMAGES, labels)
    with pytest.raises(ValueError, match=message) as error:
        gan.fit(data, verbose=0)
    assert "\n" not in str(error.value)


def test_a_dict_without_images(conditional):
    with pytest.raises(ValueError, match=r'must have "image".*Received: picture, label'):
        conditional().fit(batches({"picture": IMAGES, "label": LABELS}), verbose=0)


def functional():
    z, label, images = keras.Input((4,)), keras.Input((), dtype="int32"), keras.Input((8, 8, 3))
    x = layers.Concatenate()([z, layers.Embedding(3, 2)(label)])
    generator = keras.Model([z, label], layers.Reshape((8, 8, 3))(layers.Dense(192, "tanh")(x)))
    x = layers.Concatenate()([layers.Flatten()(images), layers.Embedding(3, 2)(label)])
    return generator, keras.Model([images, label], layers.Dense(1)(x))


class Unpacks(keras.Model):
    """A subclassed conditional generator."""

    latent_dim = 4

    def __init__(self):
        super().__init__()
        self.dense, self.embedding = layers.Dense(192), layers.Embedding(3, 4)

    def call(self, inputs):
        z, label = inputs
        return tf.reshape(self.dense(z + self.embedding(label)), [-1, 8, 8, 3])


def test_conditional_networks_without_num_classes():
    generator, discriminator = functional()
    plain = make()
    for g, d in ((generator, discriminator), (generator, plain.discriminator)):
        with pytest.raises(ValueError, match=r"generator takes 2 inputs.*pass num_classes to GAN. Rec.*=0"):
            tfdogs.GAN(generator=g, discriminator=d)
    with pytest.raises(ValueError, match=r"discriminator takes 2 inputs.*pass num_classes to GAN. Received"):
        tfdogs.GAN(generator=plain.generator, discriminator=discriminator)
    with pytest.raises(ValueError, match=r"discriminator takes 1 input, .*leave num_classes out"):
        strange = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(1)])
        tfdogs.GAN(generator=generator, discriminator=strange, num_classes=3)
    with pytest.raises(ValueError, match=r"generator cannot be called with float.*need num_classes") as error:
        tfdogs.GAN(generator=Unpacks(), discriminator=discriminator)
    assert "\n" not in str(error.value)
    gan = tfdogs.GAN(generator=generator, discriminator=discriminator, num_classes=3)
    gan.compile("adam")
    gan.fit(IMAGES, np.eye(3)[LABELS], batch_size=5, verbose=0)
    assert gan.generate(2, labels=1).shape == (2, 8, 8, 3)


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("augment", [tfdogs.ADA(initial_p=0.5), tfdogs.DiffAugment()], ids=["ada", "diff"])
def test_images_with_alpha_are_augmented(channels, augment):
    gan = make(channels=channels, augment=augment)
    history = gan.fit(np.resize(IMAGES, (4, 8, 8, channels)), verbose=0).history
    assert np.isfinite(history["d_loss"][0])


def test_channels_that_are_no_colours():
    gan = make(channels=5, augment=tfdogs.ADA())
    with pytest.raises(ValueError, match=r"leave it out of ADA's policy. Received: 5 channels$"):
        gan.fit(np.resize(IMAGES, (4, 8, 8, 5)), verbose=0)


@pytest.mark.parametrize("count", [5, 7])
def test_last_batches_of_fewer_images_than_steps_of_d(count):
    gan = make(d_steps=2 if count == 5 else 4, loss="relativistic")
    history = gan.fit(IMAGES[:count], batch_size=4, verbose=0).history
    assert int(gan.images_seen) == count and int(gan.d_optimizer.iterations) == 2 * gan.d_steps
    assert np.isfinite(list(history.values())).all()  # the mean of no image is NaN


def test_validation_data_without_labels():
    history = make().fit(IMAGES, batch_size=4, verbose=0, validation_data=IMAGES[:4]).history
    assert np.isfinite(history["val_d_loss"][0])


def test_numbers_of_images_that_are_none():
    gan = make()
    for wrong in (-1, 2.5, True):
        with pytest.raises(ValueError, match=f"num_images must be .* 0 or more. Received: {wrong}"):
            gan.generate(wrong)


def test_the_formats_of_saving(tmp_path):
    gan = make()
    callback = keras.callbacks.ModelCheckpoint(str(tmp_path / "ck{epoch}"))
    for call in (
        lambda: gan.save(str(tmp_path / "folder"), save_format="tf"),
        lambda: gan.save(str(tmp_path / "folder")),
        lambda: gan.save(str(tmp_path / "dogs.h5")),
        lambda: gan.fit(IMAGES, batch_size=4, verbose=0, callbacks=[callback]),
    ):
        with pytest.raises(ValueError, match=r"end in .keras.*Received: ") as error:
            call()
        assert "\n" not in str(error.value)
    keep = keras.callbacks.ModelCheckpoint(str(tmp_path / "weights{epoch}"), save_weights_only=True)
    gan.fit(IMAGES, batch_size=4, verbose=0, callbacks=[keep])
    twin = make(seed=1)
    twin.load_weights(str(tmp_path / "weights1")).expect_partial()
    for a, b in zip(weights(twin), weights(gan)):
        np.testing.assert_array_equal(a, b)
