"""Conditional networks learn what the label says: class 0 is dark, class 1 bright."""

import keras
import numpy as np
import pytest

import tfdogs
from tfdogs.models import build

SIZE, BATCH = 28, 16
GAMES = {
    "sagan": {"loss": "hinge"},
    "biggan": {"loss": "hinge"},
    "stylegan2": {"regularizers": [tfdogs.R1(0.1)]},
    "r3gan": {"loss": "relativistic", "regularizers": [tfdogs.R1(0.1), tfdogs.R2(0.1)]},
    "dcgan": {},
}
OPTIONS = {
    "sagan": {"attention": 0},
    "biggan": {"attention": 0},
    "stylegan2": {"mapping_layers": 1},
    "r3gan": {"blocks": 1},
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name == "dcgan" else pytest.mark.slow) for name in GAMES],
)
def test_a_trained_one_separates_classes(name):
    keras.utils.set_random_seed(0)
    generator, discriminator = build(
        name,
        image_size=SIZE,
        channels=1,
        latent_dim=6,
        num_classes=2,
        g_channels=2,
        d_channels=2,
        **OPTIONS.get(name, {}),
    )
    gan = tfdogs.GAN(generator=generator, discriminator=discriminator, ema=None, **GAMES[name])
    gan.compile(
        g_optimizer=keras.optimizers.Adam(4e-3, beta_1=0.0),
        d_optimizer=keras.optimizers.Adam(4e-3, beta_1=0.0),
    )
    before = gan.get_weights()
    labels = np.arange(BATCH * 30) % 2
    noise = np.random.default_rng(0).integers(0, 60, (len(labels), SIZE, SIZE, 1))
    images = (noise + 180 * labels[:, None, None, None]).astype("uint8")
    gan.fit(images, labels, batch_size=BATCH, epochs=8, shuffle=False, verbose=0)
    assert np.mean([not np.array_equal(a, b) for a, b in zip(before, gan.get_weights())]) > 0.9
    drawn = gan.generate(16, labels=np.repeat([0, 1], 8)).astype(float).mean(axis=(1, 2, 3))
    assert drawn[8:].min() > drawn[:8].max() and drawn[8:].mean() > drawn[:8].mean() + 50
