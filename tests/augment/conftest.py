import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.noise import Noise


@pytest.fixture
def noise():
    """Returns a maker of noise: (seed=0) -> `Noise`."""
    return lambda seed=0: Noise(tf.constant([seed, 7], tf.int64))


@pytest.fixture
def images():
    """Returns a maker of images: (n=6, size=16, channels=3, seed=0) -> float32 in [-1, 1]."""

    def make(n=6, size=16, channels=3, seed=0):
        values = np.random.default_rng(seed).uniform(-1, 1, (n, size, size, channels))
        return tf.constant(values, tf.float32)

    return make


@pytest.fixture
def same_slope():
    """Returns a check that a map's gradient is what finite differences say; for maps affine in the images."""

    def check(function, x):
        rng = np.random.default_rng(1)
        weights, direction = (rng.normal(size=x.shape).astype(np.float32) for _ in range(2))

        def score(x):
            return tf.reduce_sum(function(x) * weights)

        with tf.GradientTape() as tape:
            tape.watch(x)
            value = score(x)
        gradient = tape.gradient(value, x).numpy()
        assert np.abs(gradient).sum() > 1
        # A large step has no error of its own where the map is affine.
        slope = float(score(x + direction) - score(x - direction)) / 2
        np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=1e-3, atol=1e-3)

    return check
