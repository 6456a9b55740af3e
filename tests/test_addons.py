import ast
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfdogs
from tfdogs.addons import InstanceNormalization, resample


def test_instance_normalization():
    layer = InstanceNormalization()
    x = np.random.default_rng(0).normal(3, 2, (2, 8, 8, 4)).astype("float32")
    mean, variance = x.mean((1, 2), keepdims=True), x.var((1, 2), keepdims=True)
    np.testing.assert_allclose(layer(x), (x - mean) / np.sqrt(variance + layer.epsilon), atol=1e-4)


def test_it_survives_saving():
    config = keras.saving.serialize_keras_object(InstanceNormalization(dtype="float32"))
    assert isinstance(keras.saving.deserialize_keras_object(config), InstanceNormalization)


def test_resample_reads_between_pixels_and_zeros_outside():
    picture = tf.reshape(tf.range(6.0), (1, 2, 3, 1))
    points = tf.constant([[[0.0, 0.0], [2.0, 1.0], [0.5, 0.0], [1.25, 0.5], [-0.5, 0.0], [9.0, 0.0]]])
    values = resample(picture, points)[0, :, 0]
    np.testing.assert_allclose(values, [0, 5, 0.5, 1.25 + 1.5, 0, 0], atol=1e-6)


def test_the_gradient_of_resample_is_its_adjoint_and_has_a_gradient_itself():
    rng = np.random.default_rng(0)
    x, y = (tf.constant(rng.normal(size=size), tf.float32) for size in ((2, 4, 5, 3), (2, 7, 3)))
    points = tf.constant(rng.uniform(-1, 5, (2, 7, 2)), tf.float32)
    with tf.GradientTape() as outer:
        outer.watch(y)
        with tf.GradientTape() as inner:
            inner.watch([x, points])
            values = resample(x, points)
        spread, nothing = inner.gradient(values, [x, points], y)
        product = tf.reduce_sum(spread * x)
    assert nothing is None
    np.testing.assert_allclose(product, tf.reduce_sum(values * y), rtol=1e-5)
    np.testing.assert_allclose(outer.gradient(product, y), values, atol=1e-5)


@pytest.mark.parametrize("library", ["tensorflow_addons", "tensorflow_gan"])
def test_one_module_imports_each_ageing_library(library):
    root, importers = Path(tfdogs.__file__).parent, set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == library for name in names):
                importers.add(path.name)
    assert len(importers) == 1
