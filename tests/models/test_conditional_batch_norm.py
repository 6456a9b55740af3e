import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.conditional_batch_norm import ConditionalBatchNormalization

rng = np.random.default_rng(0)
FEATURES = rng.normal(3.0, 2.0, size=(4, 2, 2, 3)).astype("float32")
CONDITION = rng.normal(size=(4, 5)).astype("float32")
EPSILON = 1e-5


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def standardized(features, mean, variance):
    return (features - mean) / np.sqrt(variance + EPSILON)


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_each_image_has_the_scale_and_shift_of_its_condition(spectral_norm):
    layer = ConditionalBatchNormalization(
        5, spectral_norm=spectral_norm, kernel_initializer=keras.initializers.RandomNormal()
    )
    layer(FEATURES, CONDITION)
    scale, shift = (CONDITION @ part.normalized(part.kernel).numpy() for part in (layer.scale, layer.shift))
    outputs = layer(FEATURES, CONDITION, training=True)
    normal = standardized(FEATURES, FEATURES.mean((0, 1, 2)), FEATURES.var((0, 1, 2)))
    expected = normal * (1 + scale)[:, None, None] + shift[:, None, None]
    np.testing.assert_allclose(outputs, expected, rtol=1e-3, atol=1e-4)
    assert np.abs(layer.scale.kernel.numpy() - layer.shift.kernel.numpy()).max() > 1e-3
    assert (layer.scale.u is not None) == spectral_norm


def test_a_one_hot_label_picks_its_classes_row():
    layer = ConditionalBatchNormalization(3)
    layer(FEATURES, np.eye(3, dtype="float32")[[0, 1, 2, 0]])
    scale, shift = rng.normal(size=(2, 3, 3))
    layer.scale.set_weights([scale])
    layer.shift.set_weights([shift])
    labels = np.array([2, 0, 2, 1])
    outputs = layer(FEATURES, tf.one_hot(labels, 3))
    normal = standardized(FEATURES, 0.0, 1.0)  # the moving averages' start
    expected = normal * (1 + scale[labels])[:, None, None] + shift[labels][:, None, None]
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


def test_moving_averages_follow_in_training_only():
    layer = ConditionalBatchNormalization(5)
    layer(FEATURES, CONDITION)
    mean, variance = layer.normalization.moving_mean, layer.normalization.moving_variance
    np.testing.assert_array_equal(mean, np.zeros(3))
    layer(FEATURES, CONDITION, training=True)
    np.testing.assert_allclose(mean, 0.1 * FEATURES.mean((0, 1, 2)), rtol=1e-4)
    unbiased = FEATURES.reshape(-1, 3).var(axis=0, ddof=1)
    np.testing.assert_allclose(variance, 0.9 + 0.1 * unbiased, rtol=1e-4)


def test_without_a_condition_it_is_a_plain_batch_norm():
    layer = ConditionalBatchNormalization(0)
    normal = standardized(FEATURES, FEATURES.mean((0, 1, 2)), FEATURES.var((0, 1, 2)))
    outputs = layer(FEATURES, training=True)
    gamma, beta = layer.normalization.gamma.numpy(), layer.normalization.beta.numpy()
    np.testing.assert_allclose(outputs, normal * gamma + beta, rtol=1e-3, atol=1e-4)
    assert len(layer.trainable_weights) == 2


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(policy):
    layer = ConditionalBatchNormalization(5, dtype=policy)
    whole = ConditionalBatchNormalization(5)
    whole(FEATURES, CONDITION)
    outputs = layer(FEATURES, CONDITION, training=True)
    whole.set_weights(layer.get_weights())
    assert outputs.dtype == layer.compute_dtype
    assert {weight.dtype for weight in layer.weights} == {tf.float32}
    expected = whole(FEATURES, CONDITION, training=True)
    np.testing.assert_allclose(tf.cast(outputs, tf.float32), expected, atol=0.05)


def test_config_round_trip():
    layer = ConditionalBatchNormalization(5, spectral_norm=True, kernel_initializer="orthogonal")
    twin = ConditionalBatchNormalization.from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()
    for one in (layer, twin):
        one(FEATURES, CONDITION)
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(twin(FEATURES, CONDITION), layer(FEATURES, CONDITION))
