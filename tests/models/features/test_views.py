"""What the networks see: noise on the images, augmented ones, and the generator's own noise."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfdogs.augment.ada import ADA
from tfdogs.models.noise import Noise, Use
from tfdogs.training.schedules import Linear

SHAPE, Z = (2, 2, 3), 3


def test_instance_noise_is_on_all_that_the_discriminator_sees(make, fit, reals):
    gan = make(loss="wasserstein", instance_noise=Linear(10.0, 0.0, kimg=0.012))
    a, c = gan.discriminator.get_weights()
    noisy = [fit(gan, epochs=1)["d_real"][0] for _ in range(3)]  # at 0, 6 and 12 images
    clean = np.mean(reals[:6].reshape(6, -1) @ a + c)
    assert abs(noisy[0] - clean) > 0.1 and noisy[2] == pytest.approx(clean, rel=1e-4)
    for wrong in (-0.1, np.nan):
        with pytest.raises(ValueError, match=f"instance_noise must be 0 or more. Received.*{wrong}"):
            make(instance_noise=wrong)


class Watchful:
    """An augmentation with state: it counts what it is told."""

    def build(self, add_state):
        self.p = add_state("augment_p", initial=0.25)
        self.told = []

    @property
    def tracked(self):
        return {"augment_p": self.p}

    def __call__(self, images, noise):
        return images

    def observe(self, verdicts, images):
        self.told.append((verdicts.numpy(), int(images)))
        self.p.assign(self.p + 0.5)


@pytest.mark.parametrize("loss", ["hinge", "least_squares", "wasserstein", "relativistic_average"])
def test_an_augmentation_is_told_the_verdicts_after_each_update(loss, make, fit, drawn, reals):
    gan = make(loss=loss, augment=Watchful(), d_steps=2)
    real = gan.discriminator(reals[:3]).numpy().ravel()
    fake = gan.discriminator(drawn(gan, 3)[1]).numpy().ravel()
    history = fit(gan)
    told = gan.augment.told
    assert [images for _, images in told] == [3, 3] and history["augment_p"] == [1.25]
    over = {"hinge": 0.0, "least_squares": 0.5, "wasserstein": fake, "relativistic_average": fake.mean()}
    np.testing.assert_allclose(told[0][0], real - over[loss], rtol=1e-4, atol=1e-6)
    assert gan.states["augment_p"] is gan.augment.p


@pytest.mark.parametrize(("loss", "bias"), [("least_squares", 0.5), ("wasserstein", 7.0)])
def test_r_t_is_0_where_the_discriminator_is_undecided_and_1_where_it_is_sure(
    loss, bias, make, networks, fit
):
    for slope, r_t in ((0.0, 0.0), (0.1, 1.0)):
        generator, discriminator = networks()
        gan = make(generator, discriminator, loss=loss, augment=ADA("color", interval=10))
        generator.set_weights([np.zeros((Z, 12)), np.full(12, -9.0)])  # fakes are -1, reals +1
        discriminator.set_weights([np.full((12, 1), slope), np.full(1, bias)])
        fit(gan, np.ones((6, *SHAPE), np.float32))
        assert float(gan.states["augment_signs"]) == r_t and float(gan.states["augment_updates"]) == 1


def test_label_smoothing_moves_the_point_where_the_discriminator_is_undecided(make, networks, fit):
    generator, discriminator = networks()
    discriminator.set_weights([np.zeros((12, 1)), np.full(1, -0.1)])  # under 1/2, over (1 - 0.2) / 2
    for smoothing, r_t in ((0.0, -1.0), (0.2, 1.0)):
        gan = make(generator, discriminator, label_smoothing=smoothing, augment=ADA("color", interval=10))
        fit(gan)
        assert float(gan.states["augment_signs"]) == r_t


class Noisy(keras.Model):
    takes_noise, latent_dim = True, Z

    def __init__(self):
        super().__init__()
        self.dense, self.reshape = layers.Dense(12), layers.Reshape(SHAPE)

    def call(self, inputs, training=None, noise=None):
        images = self.reshape(self.dense(inputs))
        if noise is None:
            return images
        assert training
        return images + noise.normal(tf.shape(images))


def test_a_generator_that_takes_noise_gets_it_in_training_only(make, fit, drawn):
    gan = make(Noisy(), loss="wasserstein", ema=None)
    _, fakes = drawn(gan)
    fakes += Noise.at(0, 0).fold(0).fold(Use.GENERATOR).normal([6, *SHAPE])
    np.testing.assert_allclose(fit(gan)["d_fake"], np.mean(gan.discriminator(fakes)), rtol=1e-4)
    np.testing.assert_array_equal(gan.generate(2), gan.generate(2))
