import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfdogs.training import optimizers

LossScale = keras.mixed_precision.LossScaleOptimizer


def network(dtype=None):
    return keras.Sequential([keras.Input((3,)), layers.Dense(2, dtype=dtype)])


def test_the_slots_are_there_before_the_first_step():
    model = network()
    optimizer = optimizers.prepare(keras.optimizers.Adam(), model)
    shapes = sorted(tuple(v.shape) for v in optimizer.variables if v.shape.rank)
    assert shapes == [(2,), (2,), (3, 2), (3, 2)]  # m and v of each weight
    assert optimizer.iterations.numpy() == 0


@pytest.mark.parametrize("given", ["adam", keras.optimizers.serialize(keras.optimizers.Adam(0.5))])
def test_a_name_or_a_config_will_do(given):
    assert isinstance(optimizers.prepare(given, network()), keras.optimizers.Adam)


def test_legacy_optimizers_are_refused():
    with pytest.raises(ValueError, match=r"Received: .*legacy.*Adam"):
        optimizers.prepare(keras.optimizers.legacy.Adam(), network())


@pytest.mark.parametrize(
    ("dtype", "wrapped"), [(None, False), ("mixed_bfloat16", False), ("mixed_float16", True)]
)
def test_float16_alone_is_loss_scaled(dtype, wrapped):
    optimizer = optimizers.prepare(keras.optimizers.SGD(), network(dtype))
    assert isinstance(optimizer, LossScale) == wrapped


def test_a_loss_scale_optimizer_is_not_wrapped_again():
    given = LossScale(keras.optimizers.SGD())
    assert optimizers.prepare(given, network("mixed_float16")) is given


@pytest.mark.parametrize("dtype", [None, "mixed_float16"])
def test_gradients_are_true_to_scale(dtype):
    model = network(dtype)
    optimizer = optimizers.prepare(keras.optimizers.SGD(), model)
    kernel, bias = model.trainable_variables
    with tf.GradientTape() as tape:
        loss = 3.0 * tf.reduce_sum(kernel) + tf.reduce_sum(tf.square(bias + 1.0))
        scaled = optimizers.scaled(optimizer, loss)
    np.testing.assert_allclose(scaled / loss, 2.0**15 if dtype else 1.0, rtol=1e-6)
    gradients = optimizers.gradients(optimizer, tape, scaled, model.trainable_variables)
    np.testing.assert_allclose(gradients[0], np.full((3, 2), 3.0), rtol=1e-6)
    np.testing.assert_allclose(gradients[1], [2.0, 2.0], rtol=1e-6)


def test_small_gradients_survive_float16():
    # 1e-8 is under float16's smallest number; the loss scale of 2^15 lifts it over.
    x = tf.Variable(1.0)
    optimizer = optimizers.prepare(keras.optimizers.SGD(), network("mixed_float16"))
    with tf.GradientTape() as tape:
        loss = tf.cast(tf.cast(x, tf.float16), tf.float32) * 1e-8
        scaled = optimizers.scaled(optimizer, loss)
    (gradient,) = optimizers.gradients(optimizer, tape, scaled, [x])
    np.testing.assert_allclose(gradient, 1e-8, rtol=1e-2)


def test_no_path_gives_zeros_and_embeddings_give_dense_gradients():
    embedding = layers.Embedding(4, 2)
    embedding.build((None,))
    lonely = tf.Variable([1.0, 2.0])
    optimizer = keras.optimizers.SGD()
    with tf.GradientTape() as tape:
        scaled = optimizers.scaled(optimizer, tf.reduce_sum(embedding(tf.constant([1, 1, 3]))))
    table, zeros = optimizers.gradients(optimizer, tape, scaled, [embedding.embeddings, lonely])
    np.testing.assert_array_equal(table, [[0, 0], [2, 2], [0, 0], [1, 1]])
    np.testing.assert_array_equal(zeros, [0, 0])
