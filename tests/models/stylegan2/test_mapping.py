import numpy as np
import pytest

from tfdogs.models.stylegan2.mapping import MappingNetwork

Z = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)


def leaky(x):
    return np.where(x > 0, x, 0.2 * x) * np.sqrt(2)


def unit(x):
    return x / np.sqrt(np.mean(x**2, 1, keepdims=True))


@pytest.mark.parametrize("classes", [0, 3])
def test_it_equals_dense_layers_by_hand(classes):
    layer = MappingNetwork(5, depth=2, lr_multiplier=0.1, num_classes=classes)
    layer.build((None, 4))
    labels = np.arange(6) % 3 if classes else None
    x = unit(Z)
    if classes:
        x = np.concatenate([x, unit(layer.embedding.get_weights()[0][labels])], 1)
    for dense in layer.stack:
        kernel, bias = dense.get_weights()
        x = leaky(x @ kernel * 0.1 / np.sqrt(x.shape[1]) + 0.1 * bias)
    np.testing.assert_allclose(layer(Z, labels=labels), x, rtol=1e-4, atol=1e-5)


def test_a_latents_length_does_not_matter():
    layer = MappingNetwork(5)
    np.testing.assert_allclose(layer(3 * Z), layer(Z), rtol=1e-4, atol=1e-5)
    assert len(layer.stack) == 8 and np.isfinite(layer(0 * Z)).all()


def test_config_round_trip():
    layer = MappingNetwork(5, depth=3, lr_multiplier=0.2, num_classes=2)
    assert MappingNetwork.from_config(layer.get_config()).get_config() == layer.get_config()
