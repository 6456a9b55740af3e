"""The auxiliary classifier."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfdogs.models import latents
from tfdogs.models.noise import Noise, Use

SHAPE, Z = (2, 2, 3), 3


@keras.saving.register_keras_serializable("tfdogs_test_auxiliary")
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


def test_the_auxiliary_classifier_learns_from_reals_and_teaches_by_fakes(make, fit, reals):
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
        logits = gan.discriminator.classes(reals[:6].reshape(6, -1))
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))
    slope = tape.gradient(loss, gan.discriminator.classes.kernel)
    embeddings = gan.generator.embedding.get_weights()[0]
    history = fit(gan, y=labels)
    np.testing.assert_allclose(history["d_class_loss"], cross_entropy(reals[:6], kernel, bias), rtol=1e-4)
    moved = gan.discriminator.classes.get_weights()
    np.testing.assert_allclose(moved[0], kernel - 0.1 * 0.5 * slope, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(history["g_class_loss"], cross_entropy(fakes, *moved), rtol=1e-4)
    assert not np.allclose(gan.generator.embedding.get_weights()[0], embeddings)


def test_an_auxiliary_loss_needs_a_classifier(make):
    for wrong in (1.0, -1.0, np.nan):
        with pytest.raises(ValueError, match=f"auxiliary must be 0 or more.*Received: auxiliary={wrong}"):
            make(auxiliary=wrong)
