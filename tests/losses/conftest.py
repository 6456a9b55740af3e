import numpy as np
import pytest
import tensorflow as tf


@pytest.fixture
def images():
    """Returns a maker of images: (seed, n=4, shape=(2, 2, 3)) -> float32 [n, *shape] in [-1, 1]."""

    def make(seed, n=4, shape=(2, 2, 3)):
        return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (n, *shape)), tf.float32)

    return make


@pytest.fixture
def linear():
    """Returns a maker of critics: a -> D with D(x) = a . x, whose slope is a everywhere."""
    return lambda a: lambda x: tf.reduce_sum(x * a, axis=[1, 2, 3])[:, None]


@pytest.fixture
def add_state():
    """What a GAN hands to `build`."""
    return lambda name, initial=0.0: tf.Variable(initial, name=name, trainable=False)
