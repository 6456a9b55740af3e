"""The self-supervised discriminator in the game: what its loss asks for, moves and costs."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import tfdogs

SHAPE = (2, 2, 3)


@keras.saving.register_keras_serializable("tfdogs_test_reconstruction")
class Drawing(keras.Model):
    """A discriminator of one's own that draws its images out of four features, and counts its passes."""

    reconstructs = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flat, self.features = layers.Flatten(), layers.Dense(4, "softplus")
        self.verdict, self.decoder = layers.Dense(1), layers.Dense(12)
        self.passes = 0

    def call(self, images, training=None):
        logits, features = self.judge_and_encode(images, training)
        if not self.decoder.built:
            self.decoder(features)
        return logits

    def judge_and_encode(self, inputs, training=None):
        self.passes += 1
        features = self.features(self.flat(inputs))
        return self.verdict(features), features

    def reconstruct(self, maps, images, noise):
        return [(self.decoder(maps), self.flat(images))]


def play(make, fit, regularizers, **options):
    keras.utils.set_random_seed(4)
    critic = Drawing()
    gan = make(discriminator=critic, regularizers=regularizers, ema=None, d_rate=0.5, **options)
    critic.passes = 0
    before = critic.get_weights()
    return gan, before, fit(gan)


def error(weights, images):
    """The loss in NumPy, by the weights of features and decoder."""
    kernel, bias, _, _, drawn_kernel, drawn_bias = weights[:6]
    flat = np.float64(images).reshape(len(images), -1)
    return np.mean(np.abs(np.log1p(np.exp(flat @ kernel + bias)) @ drawn_kernel + drawn_bias - flat))


@pytest.mark.parametrize("interval", [1, 2])
def test_the_loss_of_the_reals_as_they_were_seen(interval, make, fit, reals):
    def darker(images, noise):
        return 0.5 * images

    regularizers = [tfdogs.Reconstruction(0.7, interval=interval)]
    _, weights, history = play(make, fit, regularizers, augment=darker)
    if interval > 1:  # it is taken after the step of the loss
        gan, _, _ = play(make, fit, [], augment=darker)
        weights = gan.discriminator.get_weights()
    np.testing.assert_allclose(history["reconstruction"], 0.7 * error(weights, 0.5 * reals[:6]), rtol=1e-4)


def test_the_maps_are_those_of_the_losses_pass(make, fit):
    for interval, passes in ((1, 3), (2, 4)):
        gan, _, _ = play(make, fit, [tfdogs.Reconstruction(interval=interval)])
        assert gan.discriminator.passes == passes


def test_features_and_decoder_learn_by_the_equation(make, fit, reals):
    _, before, _ = play(make, fit, [])
    plain, moved = (play(make, fit, r)[0].discriminator for r in ([], [tfdogs.Reconstruction(0.7)]))
    change = [b - a for a, b in zip(plain.get_weights(), moved.get_weights())]
    for position in (0, 1, 4, 5):
        direction = np.random.default_rng(position).normal(size=before[position].shape)

        def loss(step, position=position, direction=direction):
            weights = [w + step * direction if i == position else w for i, w in enumerate(before)]
            return 0.7 * error(weights, reals[:6])

        slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
        np.testing.assert_allclose(np.sum(change[position] * direction), -0.5 * slope, rtol=2e-3, atol=1e-5)
    np.testing.assert_allclose(change[2], 0, atol=1e-6)  # the verdict does not


@pytest.mark.parametrize("interval", [1, 2])
def test_r1_is_what_it_is_without(interval, make, fit):
    r1 = tfdogs.R1(4.0, interval=interval)
    alone, beside = (play(make, fit, [r1, *more])[0::2] for more in ([], [tfdogs.Reconstruction(0.0)]))
    np.testing.assert_allclose(alone[1]["r1"], beside[1]["r1"], rtol=1e-5)
    for a, b in zip(alone[0].discriminator.get_weights(), beside[0].discriminator.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_a_discriminator_without_decoders_is_refused_in_one_line(make):
    message = (
        r"reconstruction needs a discriminator with decoders, .*reconstruction=True\. Received: Sequential$"
    )
    with pytest.raises(ValueError, match=message):
        make(regularizers=[tfdogs.Reconstruction()])
    _, plain = tfdogs.models.build("dcgan", image_size=28, latent_dim=3, g_channels=1, d_channels=1)
    with pytest.raises(ValueError, match=r"Received: DCGANDiscriminator$"):
        make(discriminator=plain, regularizers=[tfdogs.Reconstruction(interval=2)])


def test_ours_learns_to_draw():
    keras.utils.set_random_seed(1)
    networks = tfdogs.models.build(
        "dcgan", image_size=32, channels=1, latent_dim=3, g_channels=1, d_channels=8, d_norm="none",
        reconstruction=True,
    )  # fmt: skip
    gan = tfdogs.GAN(
        generator=networks[0], discriminator=networks[1], regularizers=[tfdogs.Reconstruction()], ema=None
    )
    gan.compile(d_optimizer=keras.optimizers.Adam(3e-3), steps_per_execution=2)
    x, y = np.meshgrid(np.arange(32), np.arange(32))
    waves = np.stack([np.sin(x / 5 + i) * np.cos(y / 7 + 2 * i) for i in range(8)])[..., None]
    images = tf.constant(waves, tf.float32)
    losses = gan.fit(images, batch_size=4, epochs=20, verbose=0).history["reconstruction"]
    assert losses[-1] < 0.7 * losses[0]
