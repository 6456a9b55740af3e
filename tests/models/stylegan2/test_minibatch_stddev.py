import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.stylegan2.minibatch_stddev import MinibatchStddev

RNG = np.random.default_rng(0)


def channel(layer, x, training=True):
    y = layer(x, training=training).numpy()
    assert y.shape == layer.compute_output_shape(x.shape)
    np.testing.assert_array_equal(y[..., :-1], x)
    values = y[..., -1]
    np.testing.assert_array_equal(values, np.broadcast_to(values[:, :1, :1], values.shape))
    return values[:, 0, 0]


@pytest.mark.parametrize(("batch", "groups"), [(8, 2), (6, 2), (3, 1), (10, 5), (7, 1), (4, 1)])
def test_any_batch_is_split_into_groups(batch, groups):
    x = RNG.normal(size=(batch, 2, 3, 5)).astype(np.float32)
    values = channel(MinibatchStddev(4), x)
    for group in range(groups):
        members = x[group::groups]
        np.testing.assert_allclose(values[group::groups], members.std(0).mean(), rtol=1e-4)


def test_one_image_alone_has_none_and_a_slope_there():
    x = tf.Variable(RNG.normal(size=(1, 2, 2, 3)).astype(np.float32))
    layer = MinibatchStddev()
    with tf.GradientTape() as tape:
        y = layer(x, training=True)
    assert np.max(y[..., -1]) < 1e-3
    assert np.isfinite(tape.gradient(y, x)).all()


def test_inference_takes_the_average_of_training_and_one_image_decides_alone():
    x = RNG.normal(size=(8, 2, 2, 3)).astype(np.float32)
    layer = MinibatchStddev()
    assert not channel(layer, x, training=False).any()
    seen = channel(layer, x).mean()
    for _ in range(9):
        layer(x, training=True)
    values = channel(layer, x, training=False)
    np.testing.assert_allclose(values, seen * (1 - 0.99**10), rtol=1e-5)
    np.testing.assert_array_equal(channel(layer, x[:1], training=False), values[:1])


def test_mixed_precision():
    layer = MinibatchStddev(dtype="mixed_float16")
    y = layer(RNG.normal(size=(4, 2, 2, 3)).astype(np.float16), training=True)
    assert y.dtype == tf.float16 and layer.moving_stddev.dtype == tf.float32
    assert layer.get_config()["group_size"] == 4
