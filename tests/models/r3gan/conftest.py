import numpy as np
import pytest
import tensorflow as tf


def _random(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


@pytest.fixture
def random():
    """Returns a function (*shape, seed=0) that draws from N(0, 1)."""
    return _random


@pytest.fixture
def randomized():
    """Returns a function (layer, x) that builds a layer and fills its weights, the zeros among them too."""

    def fill(layer, x):
        layer.build(x.shape)
        layer.set_weights([_random(*w.shape, seed=i).numpy() / 2 for i, w in enumerate(layer.weights)])
        return layer

    return fill
