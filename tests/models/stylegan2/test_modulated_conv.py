import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models import resampling
from tfdogs.models.stylegan2.modulated_conv import ModulatedConv2D

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 6, 6, 4)).astype(np.float32)
STYLES = RNG.normal(1, 0.5, size=(3, 4)).astype(np.float32)
CASES = [(size, up, demodulate) for size in (1, 3) for up in (False, True) for demodulate in (False, True)]


def by_the_definition(kernel, upsample, demodulate, x, styles):
    """Equations 1 and 3 of the paper: for each image a kernel and a convolution."""
    drawn = []
    for image, style in zip(x, styles):
        own = kernel / np.sqrt(np.prod(kernel.shape[:3])) * style[None, None, :, None]
        if demodulate:
            own = own / tf.sqrt(tf.reduce_sum(own**2, [0, 1, 2], keepdims=True) + 1e-8)
        if upsample:
            drawn.append(resampling.conv_up(image[None], own)[0])
        else:
            drawn.append(tf.nn.conv2d(image[None], own, 1, "SAME")[0])
    return np.stack(drawn)


@pytest.mark.parametrize(("size", "upsample", "demodulate"), CASES)
def test_it_equals_a_kernel_for_each_image(size, upsample, demodulate):
    layer = ModulatedConv2D(5, size, upsample=upsample, demodulate=demodulate, gain=1.5)
    layer.build(X.shape)
    y = layer(X, STYLES)
    expected = by_the_definition(layer.kernel, upsample, demodulate, X, STYLES)
    assert y.shape == layer.compute_output_shape(X.shape)
    np.testing.assert_allclose(y, 1.5 * expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("upsample", [False, True])
def test_gradients_equal_finite_differences(upsample, check_gradients):
    layer = ModulatedConv2D(5, 3, upsample=upsample)
    layer.build(X.shape)
    x, styles = tf.Variable(X), tf.Variable(STYLES)
    mask = tf.constant(RNG.normal(size=layer.compute_output_shape(X.shape)), tf.float32)
    check_gradients(lambda: tf.reduce_sum(mask * tf.tanh(layer(x, styles))), [layer.kernel, styles, x])


@pytest.mark.parametrize("upsample", [False, True])
def test_second_order_gradients_equal_finite_differences(upsample, check_gradients):
    layer = ModulatedConv2D(5, 3, upsample=upsample)
    layer.build(X.shape)
    x, styles = tf.constant(X), tf.Variable(STYLES)
    mask = tf.constant(RNG.normal(size=layer.compute_output_shape(X.shape)), tf.float32)

    def slope_by_styles():
        with tf.GradientTape() as tape:
            tape.watch(styles)
            y = tf.reduce_sum(mask * tf.tanh(layer(x, styles)))
        return tf.reduce_sum(tf.square(tape.gradient(y, styles)))

    check_gradients(slope_by_styles, [layer.kernel, styles], rtol=5e-3)


def test_demodulated_outputs_have_unit_size_whatever_the_style():
    x = RNG.normal(size=(2, 40, 40, 32)).astype(np.float32)
    layer = ModulatedConv2D(16, 3)
    one = layer(x, tf.ones([2, 32]))
    assert np.std(one[:, 1:-1, 1:-1]) == pytest.approx(1, rel=0.05)
    np.testing.assert_allclose(layer(x, tf.fill([2, 32], 7.0)), one, rtol=1e-3, atol=1e-4)


def test_the_kernel_is_rounded_once(monkeypatch):
    layer = ModulatedConv2D(5, 3, upsample=True, dtype="mixed_bfloat16")
    layer.build(X.shape)
    seen, conv_up = [], resampling.conv_up
    monkeypatch.setattr(resampling, "conv_up", lambda x, kernel: seen.append(kernel) or conv_up(x, kernel))
    layer(X, STYLES)
    np.testing.assert_allclose(seen[0], layer.get_weights()[0] / 6, rtol=1e-6)


def test_config_round_trip():
    layer = ModulatedConv2D(5, 1, demodulate=False, gain=2.0, dtype="mixed_bfloat16")
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert isinstance(twin, ModulatedConv2D) and twin.get_config() == layer.get_config()
    assert layer(X, STYLES).dtype == tf.bfloat16
