import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models import resampling
from tfdogs.models.stylegan2.equalized_conv import EqualizedConv2D
from tfdogs.models.stylegan2.equalized_dense import EqualizedDense

X = np.random.default_rng(0).normal(size=(400, 50)).astype(np.float32)


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def test_dense_is_a_scaled_dense_layer():
    layer = EqualizedDense(7, leaky=True, lr_multiplier=0.01, bias=1.0)
    y = layer(X)
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(bias, 100.0)
    expected = leaky(X @ kernel * 0.01 / np.sqrt(50) + 0.01 * bias) * np.sqrt(2)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    plain = EqualizedDense(7)
    np.testing.assert_allclose(plain(X), X @ plain.get_weights()[0] / np.sqrt(50), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("lr_multiplier", [1.0, 0.01])
def test_signals_keep_their_size_and_weights_start_by_the_rate(lr_multiplier):
    keras.utils.set_random_seed(0)
    layer = EqualizedDense(300, lr_multiplier=lr_multiplier)
    assert np.std(layer(X)) == pytest.approx(1, rel=0.05)
    assert np.std(layer.get_weights()[0]) == pytest.approx(1 / lr_multiplier, rel=0.05)


def test_conv_is_a_scaled_convolution():
    x = X[:128].reshape(4, 8, 8, 25)
    layer = EqualizedConv2D(6, 3, gain=0.5)
    layer.build(x.shape)
    layer.bias.assign(np.arange(6.0))
    kernel, bias = layer.get_weights()
    y = tf.nn.conv2d(x, kernel / np.sqrt(9 * 25), 1, "SAME").numpy()
    np.testing.assert_allclose(layer(x), leaky(y + bias) * np.sqrt(2) * 0.5, rtol=1e-4, atol=1e-5)


def test_halving_conv_and_its_shapes():
    for leaky, weights in ((True, 2), (False, 1)):
        layer = EqualizedConv2D(6, 1, downsample=True, leaky=leaky, dtype="mixed_bfloat16")
        y = layer(X[:128].reshape(4, 8, 8, 25))
        assert y.shape == layer.compute_output_shape((4, 8, 8, 25)) == (4, 4, 4, 6)
        assert y.dtype == tf.bfloat16 and len(layer.weights) == weights


def test_the_kernel_is_rounded_once(monkeypatch):
    layer = EqualizedConv2D(6, 1, downsample=True, leaky=False, dtype="mixed_bfloat16")
    seen, conv_down = [], resampling.conv_down
    monkeypatch.setattr(
        resampling, "conv_down", lambda x, kernel: seen.append(kernel) or conv_down(x, kernel)
    )
    layer(X[:128].reshape(4, 8, 8, 25))
    np.testing.assert_allclose(seen[0], layer.get_weights()[0] / 5, rtol=1e-6)


@pytest.mark.parametrize(
    "layer",
    [
        EqualizedDense(3, leaky=True, lr_multiplier=0.1, bias=2.0),
        EqualizedConv2D(3, 1, leaky=False, gain=2.0),
    ],
    ids=["dense", "conv"],
)
def test_config_round_trip(layer):
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(twin) is type(layer) and twin.get_config() == layer.get_config()
