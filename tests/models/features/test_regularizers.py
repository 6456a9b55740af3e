"""Regularizers in the game: what they move, and what they cost."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import tfdogs
from tfdogs.losses.consistency import Consistency
from tfdogs.losses.lecam import LeCam
from tfdogs.losses.r2 import R2
from tfdogs.losses.regularizer import Regularizer

SHAPE = (2, 2, 3)


class Pull(Regularizer):
    """Of the generator: the mean of its images, by noise and labels that it is handed."""

    name, network = "pull", "generator"

    def __call__(self, generator, z, labels, noise):
        assert labels is None and noise.uniform([1]).shape == (1,)
        return tf.reduce_mean(generator(z))


def test_a_generators_regularizer_moves_the_generator_only(make, fit, drawn):
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
def test_passes_of_the_discriminator(regularizers, passes, make, fit):
    gan = make(discriminator=Counting(), regularizers=regularizers)
    gan.discriminator.passes = 0
    fit(gan)
    assert gan.discriminator.passes == passes


def test_r1_and_r2_out_of_the_losses_passes_are_those_of_passes_of_their_own(make, fit):
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


def test_lecam_pulls_through_the_logits_of_the_loss(make, fit, drawn, reals):
    gan = make(loss="wasserstein", regularizers=[LeCam(0.5)], d_rate=0.1)
    gan.regularizers[0].observe(tf.constant([2.0, -1.0]), tf.constant(1.0))
    a, c = gan.discriminator.get_weights()
    _, fakes = drawn(gan)
    reals, fakes = reals[:6].reshape(6, -1), fakes.numpy().reshape(6, -1)
    real, fake = reals @ a + c, fakes @ a + c
    fit(gan)
    slope = (fakes - reals).mean(0)[:, None]
    slope = slope + 0.5 * 2 * (reals.T @ (real + 1.0) + fakes.T @ (fake - 2.0)) / 6
    np.testing.assert_allclose(gan.discriminator.get_weights()[0], a - 0.1 * slope, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(gan.states["lecam_share"], 1 - 0.99**2, rtol=1e-4)


def test_names_of_states_are_their_own(make):
    class Again(LeCam):
        name = "again"

    with pytest.raises(ValueError, match=r"names of their own\. Received: lecam_real twice"):
        make(regularizers=[LeCam(), Again()])
