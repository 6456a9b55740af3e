import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.leaky_relu import LeakyReLU, leaky_relu

X = np.array([[-3.0, -0.5, 0.0, 0.25, 2.0]], np.float32)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_value_and_slope(dtype):
    x = tf.cast(X, dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = leaky_relu(x)
    assert y.dtype == x.dtype
    np.testing.assert_allclose(tf.cast(y, "float32"), np.where(X > 0, X, 0.2 * X), rtol=5e-3)
    slopes = tf.cast(tape.gradient(y, x), "float32")
    np.testing.assert_allclose(slopes, np.where(X > 0, 1.0, 0.2), rtol=5e-3)


def test_the_layer_is_the_function():
    layer = LeakyReLU(dtype="mixed_bfloat16")
    np.testing.assert_array_equal(layer(X), leaky_relu(tf.cast(X, "bfloat16")))
    twin = LeakyReLU.from_config(layer.get_config())
    assert twin.compute_dtype == "bfloat16" and isinstance(twin, keras.layers.LeakyReLU)
