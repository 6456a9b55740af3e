import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.models.spectral_norm import SNConv2D, SNDense, SNEmbedding

rng = np.random.default_rng(0)
IMAGES = rng.normal(size=(2, 4, 4, 3))
CASES = {
    "dense": (lambda **k: SNDense(5, **k), rng.normal(size=(4, 6))),
    "embedding": (lambda **k: SNEmbedding(4, 5, **k), np.array([3, 0, 3, 1, 2])),
    "conv": (lambda **k: SNConv2D(5, **k), IMAGES),
    "up": (lambda **k: SNConv2D(5, resample="up", **k), IMAGES),
    "down": (lambda **k: SNConv2D(5, resample="down", **k), IMAGES),
}


def made(name, *, settled=True, dtype="float64"):
    """A layer with a random kernel, whose `u` is where the power iteration ends, and an input for it."""
    keras.utils.set_random_seed(1)
    make, inputs = CASES[name]
    layer = make(kernel_initializer=keras.initializers.RandomNormal(stddev=1.0), dtype=dtype)
    inputs = inputs if name == "embedding" else inputs.astype(dtype)
    layer(inputs)
    if settled:
        layer.u.assign(singular_vector(kernel_of(layer))[:, None])
    return layer, inputs


def kernel_of(layer):
    return layer.trainable_weights[0]


def sigma(kernel):
    return np.linalg.norm(np.asarray(kernel).reshape(-1, kernel.shape[-1]), 2)


def singular_vector(kernel):
    return np.linalg.svd(np.asarray(kernel).reshape(-1, kernel.shape[-1]))[2][0]


@pytest.mark.parametrize("name", ["dense", "embedding", "conv"])
def test_sigma_becomes_the_largest_singular_value(name):
    layer, _ = made(name, settled=False)
    kernel = kernel_of(layer).numpy()
    assert sigma(kernel) > 2
    for _ in range(60):
        layer.normalized(kernel_of(layer), training=True)
    normalized = layer.normalized(kernel_of(layer)).numpy()
    np.testing.assert_allclose(normalized, kernel / sigma(kernel), rtol=1e-6)
    np.testing.assert_allclose(abs(layer.u.numpy()[:, 0] @ singular_vector(kernel)), 1.0)


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_is_that_of_finite_differences(name):
    layer, inputs = made(name)
    kernel = kernel_of(layer)
    random = np.random.default_rng(2)
    weights = random.normal(size=layer(inputs).shape)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(weights * layer(inputs, training=True))
    gradient = tf.convert_to_tensor(tape.gradient(loss, kernel)).numpy()
    start, step = kernel.numpy(), 1e-5
    for direction in (start, *random.normal(size=(5, *start.shape))):
        values = []
        for sign in (1, -1):
            kernel.assign(start + sign * step * direction)
            values.append(np.sum(weights * layer(inputs).numpy()))
        slope = (values[0] - values[1]) / (2 * step)
        np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=1e-6, atol=1e-8)


def test_training_moves_u_alone_and_computes_the_same():
    layer, inputs = made("conv", settled=False)
    kernel, u = layer.kernel.numpy(), layer.u.numpy()
    quiet = layer(inputs).numpy()
    np.testing.assert_array_equal(layer.u, u)
    np.testing.assert_array_equal(layer(inputs, training=True), quiet)
    assert np.abs(layer.u.numpy() - u).max() > 1e-3
    np.testing.assert_array_equal(layer.kernel, kernel)
    assert len(layer.trainable_weights) == 2 and len(layer.non_trainable_weights) == 1


@settings(max_examples=5, deadline=None)
@given(st.floats(1e-3, 1e3))
def test_the_scale_of_a_kernel_does_not_matter(scale):
    layer, inputs = made("dense")
    before = layer(inputs).numpy()
    layer.kernel.assign(scale * layer.kernel)
    np.testing.assert_allclose(layer(inputs), before, rtol=1e-9)


def test_in_a_condition_u_moves_where_the_branch_is_taken():
    layer, inputs = made("dense", settled=False)

    @tf.function
    def step(due):
        def penalty():
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(layer(inputs, training=True) ** 2)
            return tape.gradient(loss, layer.kernel)

        return tf.cond(due, penalty, lambda: tf.zeros_like(layer.kernel))

    start = layer.u.numpy()
    assert not np.any(step(tf.constant(False)))
    np.testing.assert_array_equal(layer.u, start)
    assert np.any(step(tf.constant(True)))
    assert np.abs(layer.u.numpy() - start).max() > 1e-6


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_normalizes_in_float32(policy):
    layer = SNConv2D(5, dtype=policy)
    outputs = layer(IMAGES.astype("float32"))
    layer.u.assign(singular_vector(layer.kernel)[:, None])
    assert outputs.dtype == layer.compute_dtype and layer.kernel.dtype == layer.u.dtype == tf.float32
    normalized = layer.normalized(layer.kernel)
    assert normalized.dtype == tf.float32
    np.testing.assert_allclose(sigma(normalized.numpy()), 1.0, rtol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_config_round_trip(name):
    layer, inputs = made(name)
    twin = type(layer).from_config(layer.get_config())
    twin(inputs)
    twin.set_weights(layer.get_weights())
    assert twin.get_config() == layer.get_config()
    np.testing.assert_array_equal(twin(inputs), layer(inputs))


def test_without_the_normalization_nothing_is_left_of_it():
    layer = SNDense(3, spectral_norm=False)
    x = np.ones((1, 2), "float32")
    np.testing.assert_allclose(layer(x, training=True), x @ layer.kernel.numpy(), rtol=1e-6)
    assert not layer.non_trainable_weights
