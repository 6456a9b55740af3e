import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models.attention import SelfAttention

rng = np.random.default_rng(0)
FEATURES = rng.normal(size=(2, 4, 6, 16)).astype("float32")


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def by_hand(layer, features):
    """Equations 1 to 3 of Zhang et al. 2019, place by place, keys and values pooled."""
    n, height, width, _ = features.shape
    maps = {}
    for name in ("query", "key", "value"):
        part = getattr(layer, name)
        maps[name] = features @ part.normalized(part.kernel).numpy()[0, 0]
    for name in ("key", "value"):
        split = maps[name].reshape(n, height // 2, 2, width // 2, 2, -1)
        maps[name] = split.max(axis=(2, 4))
    query, key, value = (
        maps[name].reshape(n, -1, maps[name].shape[-1]) for name in ("query", "key", "value")
    )
    weights = np.exp(query @ key.transpose(0, 2, 1))
    gathered = (weights / weights.sum(-1, keepdims=True)) @ value
    out = gathered.reshape(n, height, width, -1) @ layer.out.normalized(layer.out.kernel).numpy()[0, 0]
    return features + layer.gamma.numpy() * out


@pytest.mark.parametrize("spectral_norm", [True, False])
def test_equals_the_papers_equations(spectral_norm):
    layer = SelfAttention(spectral_norm=spectral_norm)
    np.testing.assert_array_equal(layer(FEATURES), FEATURES)  # gamma starts from 0
    layer.gamma.assign(0.7)
    expected = by_hand(layer, FEATURES)
    assert np.abs(expected - FEATURES).max() > 0.1
    np.testing.assert_allclose(layer(FEATURES), expected, rtol=1e-4, atol=1e-5)
    channels = [part.filters for part in (layer.query, layer.key, layer.value, layer.out)]
    assert channels == [2, 2, 8, 16]


def test_places_without_an_order():
    # Attention doesn't know where things are: 2 x 2 squares that change places take their outputs along.
    layer = SelfAttention()
    layer(FEATURES)
    layer.gamma.assign(1.0)
    swapped = np.concatenate([FEATURES[:, :, 2:], FEATURES[:, :, :2]], axis=2)
    outputs = layer(FEATURES).numpy()
    expected = np.concatenate([outputs[:, :, 2:], outputs[:, :, :2]], axis=2)
    np.testing.assert_allclose(layer(swapped), expected, rtol=1e-4, atol=1e-5)


def test_few_channels():
    layer = SelfAttention()
    assert layer(FEATURES[..., :2]).shape == (2, 4, 6, 2)
    assert (layer.query.filters, layer.value.filters) == (1, 1)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(policy):
    layer, whole = SelfAttention(dtype=policy), SelfAttention()
    for one in (layer, whole):
        one(FEATURES)
        one.gamma.assign(1.0)
    whole.set_weights(layer.get_weights())
    outputs = layer(FEATURES)
    assert outputs.dtype == layer.compute_dtype
    np.testing.assert_allclose(tf.cast(outputs, tf.float32), whole(FEATURES), atol=0.05)


def test_config_round_trip():
    layer = SelfAttention(spectral_norm=False, kernel_initializer="orthogonal")
    twin = SelfAttention.from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()
    assert isinstance(twin.kernel_initializer, keras.initializers.Orthogonal)
    layer(FEATURES)
    assert not layer.non_trainable_weights
    # One initializer, four kernels: those of one shape differ all the same.
    assert np.abs(layer.query.kernel.numpy() - layer.key.kernel.numpy()).max() > 0.01
