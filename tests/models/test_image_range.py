"""Floating images that are not in [-1, 1] are told of, wherever they come from."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfdogs
from tfdogs.models import build, image_range

BYTES = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
RIGHT = BYTES.astype(np.float32) / 127.5 - 1
WRONG = {
    "0 to 255 to uint8. Received: floating images from 0 to 255$": BYTES.astype(np.float32),
    "take 2 [*] x - 1 of those of 0 to 1. Received: floating images from 0 to 1$": BYTES / np.float32(255),
    "Received: floating images from -2": 2.2 * RIGHT,
    "take 2 [*] x of those of -0.5 to 0.5. Received: floating images from -0.5 to 0.5$": RIGHT / 2,
    "multiply those of 0 and 1 by 255. Received: uint8 images from 0 to 1$": BYTES // 128,
}


def dataset(images):
    return tf.data.Dataset.from_tensor_slices(images).batch(4)


class Batches(keras.utils.Sequence):
    def __init__(self, images):
        self.images = images

    def __len__(self):
        return 3

    def __getitem__(self, i):
        return self.images[4 * i : 4 * i + 4]


@pytest.fixture(scope="module")
def gan():
    generator, discriminator = build("mlp", image_size=8, latent_dim=4, g_channels=1, d_channels=1)
    model = tfdogs.GAN(generator=generator, discriminator=discriminator)
    model.compile()
    return model


@pytest.mark.parametrize("message", WRONG)
@pytest.mark.parametrize("make", [np.asarray, tf.constant, dataset, Batches], ids=lambda f: f.__name__)
def test_fit_and_evaluate(message, make, gan):
    before = [weight.numpy() for weight in gan.weights]
    for call in (gan.fit, gan.evaluate):
        with pytest.raises(ValueError, match=message) as error:
            call(make(WRONG[message]), verbose=0)
        assert "\n" not in str(error.value)
    for weight, value in zip(gan.weights, before):
        np.testing.assert_array_equal(weight, value)


@pytest.mark.parametrize("message", WRONG)
def test_validation_data(message, gan):
    before = int(gan.images_seen)
    for wrong in (WRONG[message], (WRONG[message], np.zeros(12))):
        with pytest.raises(ValueError, match=f"validation_data: .*{message}"):
            gan.fit(RIGHT, verbose=0, validation_data=wrong)
    assert int(gan.images_seen) == before  # before training
    with pytest.raises(ValueError, match=message):
        gan.fit(RIGHT, verbose=0, validation_data=dataset(WRONG[message]))


def test_single_batches(gan):
    message, images = list(WRONG.items())[1]  # of which later batches may be
    for call in (gan.train_on_batch, gan.test_on_batch):
        gan.fit(RIGHT, verbose=0)  # after which it is looked at them again
        with pytest.raises(ValueError, match=message):
            call(images)


def test_what_is_fine(gan):
    black = np.zeros_like(BYTES)
    for images in (
        BYTES,
        black,
        RIGHT,
        RIGHT.astype(np.float16),
        1.2 * RIGHT,
        0.3 * RIGHT,
        np.ones_like(RIGHT),
    ):
        gan.fit(images, batch_size=4, verbose=0)
    light = np.concatenate([RIGHT[:4], np.abs(RIGHT[4:])])  # a later batch may have no dark pixel
    gan.fit(light, batch_size=4, shuffle=False, verbose=0)
    gan.fit(dataset(light), validation_data=dataset(light), verbose=0)


@pytest.mark.parametrize("wrong", [np.nan, 255.0])
def test_later_batches_of_what_no_image_has(wrong, gan):
    images = np.concatenate([RIGHT[:8], np.full_like(RIGHT[:4], wrong)])
    for data in (images, dataset(images)):
        before = int(gan.images_seen)
        with pytest.raises(ValueError, match=f"Received: floating images from {wrong:g} to {wrong:g}$"):
            gan.fit(data, **({"batch_size": 4} if data is images else {}), shuffle=False, verbose=0)
        assert int(gan.images_seen) == before + 8
    assert all(np.isfinite(weight).all() for weight in gan.get_weights())


def test_it_is_checked_anew_in_every_fit(gan):
    gan.fit(dataset(RIGHT), verbose=0)
    with pytest.raises(ValueError, match=r"from 0 to 1$"):  # as later batches may be
        gan.fit(dataset(BYTES / np.float32(255)), verbose=0)


def test_batches_to_train_on_and_to_judge_in_turn(gan):
    for batch in (RIGHT, np.maximum(RIGHT, 0.0)):  # the first of each is looked at; later ones may be light
        gan.train_on_batch(batch)
        gan.test_on_batch(batch)


def test_numbers_that_are_none():
    with pytest.raises(ValueError, match=r"x: images must be uint8.*from nan to nan$"):
        image_range.check(np.full((2, 1, 1, 1), np.nan, np.float32), "x", 8)
