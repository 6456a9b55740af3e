"""A game of two small networks, in which one feature can be followed by hand."""

import keras
import numpy as np
import pytest
from keras import layers

import tfdogs
from tfdogs.models import latents
from tfdogs.models.noise import Noise, Use

SHAPE, Z = (2, 2, 3), 3
REALS = np.random.default_rng(0).uniform(-1, 1, (24, *SHAPE)).astype(np.float32)


def _networks():
    keras.utils.set_random_seed(1)
    generator = keras.Sequential([keras.Input((Z,)), layers.Dense(12, "tanh"), layers.Reshape(SHAPE)])
    discriminator = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), layers.Dense(1)])
    return generator, discriminator


def _make(generator=None, discriminator=None, *, g_rate=0.0, d_rate=0.0, **kwargs):
    """A GAN that runs eagerly: the networks are so small that tracing would cost more."""
    g, d = _networks()
    gan = tfdogs.GAN(generator=generator or g, discriminator=discriminator or d, **kwargs)
    gan.compile(
        g_optimizer=keras.optimizers.SGD(g_rate), d_optimizer=keras.optimizers.SGD(d_rate), run_eagerly=True
    )
    return gan


def _fit(gan, images=REALS[:6], batch_size=6, **kwargs):
    return gan.fit(images, batch_size=batch_size, shuffle=False, verbose=0, **kwargs).history


def _drawn(gan, count=6, seen=0):
    """The latents and fakes of the step that begins after `seen` images, as long as G has not moved."""
    z = latents.sample("normal", [count, Z], Noise.at(gan.seed, seen).fold(0).fold(Use.LATENTS))
    return z, gan.generator(z)


@pytest.fixture
def reals():
    """Returns 24 images of 2 x 2 x 3."""
    return REALS


@pytest.fixture
def networks():
    """Returns the function () -> (generator, discriminator), always the same two."""
    return _networks


@pytest.fixture
def make():
    """Returns the function (generator, discriminator, *, g_rate, d_rate, **kwargs) -> compiled GAN."""
    return _make


@pytest.fixture
def fit():
    """Returns the function (gan, images, batch_size=6, **kwargs) -> history."""
    return _fit


@pytest.fixture
def drawn():
    """Returns the function (gan, count=6, seen=0) -> (latents, fakes) of a step."""
    return _drawn
