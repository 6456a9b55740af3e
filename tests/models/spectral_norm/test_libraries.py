"""Why there are layers of our own."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.spectral_norm import SNDense


def differences(value, point, step=1e-5):
    """The gradient of a function of an array, by central differences."""
    gradient = np.zeros_like(point)
    for place in np.ndindex(point.shape):
        moved = np.zeros_like(point)
        moved[place] = step
        gradient[place] = (value(point + moved) - value(point - moved)) / (2 * step)
    return gradient


def cosine(a, b):
    return np.sum(a * b) / np.linalg.norm(a) / np.linalg.norm(b)


def addons_layer(dense):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tensorflow_addons.layers import SpectralNormalization
    return SpectralNormalization(dense)


@pytest.mark.parametrize("library", [keras.layers.SpectralNormalization, addons_layer])
def test_the_gradient_of_the_libraries_layers_is_another_one(library):
    # Why there is a layer of our own. Should this fail the libraries have mended theirs: use them.
    random = np.random.default_rng(3)
    start, inputs = (random.normal(size=shape).astype("float32") for shape in ((6, 5), (4, 6)))
    weights = inputs @ start + random.normal(
        size=(4, 5)
    )  # a loss that asks for scale, which there is none of
    expected = differences(
        lambda w: np.sum(weights * (inputs @ w / np.linalg.norm(w, 2))), start.astype("float64")
    )

    def trained(layer, dense):
        layer(inputs)
        dense.set_weights([start, *dense.get_weights()[1:]])
        for _ in range(50):  # the libraries' overwrite the kernel: it is put back
            layer(inputs, training=True)
            dense.kernel.assign(start)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(weights * tf.cast(layer(inputs, training=True), tf.float64))
        return tape.gradient(loss, dense.kernel).numpy(), dense.kernel.numpy()

    dense = keras.layers.Dense(5, use_bias=False)
    gradient, kernel = trained(library(dense), dense)
    assert cosine(gradient, expected) < 0.95
    assert np.abs(kernel - start).max() > 0.1
    ours = SNDense(5, use_bias=False)
    gradient, kernel = trained(ours, ours)
    assert cosine(gradient, expected) > 0.99999
    np.testing.assert_array_equal(kernel, start)
