"""R1's and R2's gradients by the discriminator's weights, which are second derivatives."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfdogs.losses.r1 import R1
from tfdogs.losses.r2 import R2


@pytest.fixture(scope="module")
def critic():
    """A convolutional network in float64, smooth, so that finite differences are exact to many places."""
    keras.utils.set_random_seed(0)
    float64 = {"dtype": "float64"}
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2), dtype="float64"),
            layers.Conv2D(3, 3, strides=2, padding="same", activation="tanh", **float64),
            layers.Conv2D(2, 3, activation="softplus", **float64),
            layers.Flatten(**float64),
            layers.Dense(1, **float64),
        ]
    )
    model.set_weights([np.random.default_rng(1).normal(size=w.shape) / 2 for w in model.get_weights()])
    return model


@pytest.mark.parametrize("penalty", [R1(10.0), R2(10.0)], ids=["r1", "r2"])
def test_gradient_equals_finite_differences(penalty, critic):
    rng = np.random.default_rng(2)
    reals, fakes = (tf.constant(rng.uniform(-1, 1, (3, 6, 6, 2))) for _ in range(2))

    @tf.function
    def value():
        return penalty(critic, reals, fakes, None)

    with tf.GradientTape() as tape:
        start = value()
    gradients = tape.gradient(start, critic.trainable_variables, unconnected_gradients="zero")
    assert any(np.abs(gradient).max() > 0.1 for gradient in gradients)
    step = 1e-5
    for variable, gradient in zip(critic.trainable_variables, gradients):
        weights, direction = variable.numpy(), rng.normal(size=variable.shape)
        variable.assign(weights + step * direction)
        above = value()
        variable.assign(weights - step * direction)
        below = value()
        variable.assign(weights)
        slope = float(above - below) / (2 * step)
        np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=1e-6, atol=1e-8)
