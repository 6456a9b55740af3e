import ast
from pathlib import Path

import keras
import numpy as np
import pytest

import tfdogs
from tfdogs.models.addons import InstanceNormalization


def test_instance_normalization():
    layer = InstanceNormalization()
    x = np.random.default_rng(0).normal(3, 2, (2, 8, 8, 4)).astype("float32")
    mean, variance = x.mean((1, 2), keepdims=True), x.var((1, 2), keepdims=True)
    np.testing.assert_allclose(layer(x), (x - mean) / np.sqrt(variance + layer.epsilon), atol=1e-4)


def test_it_survives_saving():
    config = keras.saving.serialize_keras_object(InstanceNormalization(dtype="float32"))
    assert isinstance(keras.saving.deserialize_keras_object(config), InstanceNormalization)


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
