import json
import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics import extractors
from tfdogs.metrics.extractors.user_model import UserModel

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 12, 12, 3), np.uint8)
LAYERS = keras.layers
pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")


def means(size=12, channels=3, outputs="features"):
    """A network whose features are the mean colours."""
    inputs = keras.Input([size, size, channels])
    features = LAYERS.GlobalAveragePooling2D()(inputs)
    probabilities = LAYERS.Softmax()(features)
    forms = {
        "features": features,
        "map": inputs,
        "pair": [features, probabilities],
        "dict": {"pool_3": features, "logits": features},
    }
    return keras.Model(inputs, forms[outputs])


def saved(model, path):
    if path.suffix:
        model.save(path)
    else:
        model.export(path)
    return UserModel(path)


@pytest.mark.parametrize("name", ["net.keras", "net.h5", "net"])
def test_features_are_the_models(tmp_path, name):
    extractor = saved(means(), tmp_path / name)
    features = extractor(IMAGES)
    np.testing.assert_allclose(features.pool, IMAGES.mean((1, 2)) / 127.5 - 1, atol=1e-5)
    assert features.probabilities is None
    assert (extractor.num_features, extractor.num_classes, extractor.imagenet) == (3, 0, False)
    stamp = extractor.stamp
    assert (stamp.extractor, stamp.label, stamp.resizer) == (f"{name}:-1_1", name, "bicubic")
    assert (stamp.input_size, stamp.title("FID")) == (12, f"FID ({name})")


@pytest.mark.parametrize("outputs", ["pair", "dict"])
def test_probabilities_are_found(tmp_path, outputs):
    features = saved(means(outputs=outputs), tmp_path / "net.keras")(IMAGES)
    np.testing.assert_allclose(features.probabilities, tf.nn.softmax(features.pool), atol=1e-6)


def test_a_map_of_features_is_averaged(tmp_path):
    features = saved(means(outputs="map"), tmp_path / "net.keras")(IMAGES)
    np.testing.assert_allclose(features.pool, IMAGES.mean((1, 2)) / 127.5 - 1, atol=1e-5)


@pytest.mark.parametrize(("name", "scale", "offset"), [("-1_1", 127.5, -1), ("0_1", 255, 0), ("0_255", 1, 0)])
def test_input_range(tmp_path, name, scale, offset):
    means().save(tmp_path / "net.keras")
    extractor = extractors.get(str(tmp_path / "net.keras"), input_range=name)
    np.testing.assert_allclose(
        extractor(IMAGES).pool, IMAGES.mean((1, 2)) / scale + offset, rtol=1e-4, atol=1e-5
    )
    assert extractor.stamp.extractor == f"net.keras:{name}"


def test_a_free_size_is_299_and_grey_networks_see_grey(tmp_path):
    extractor = saved(means(size=None, channels=1), tmp_path / "net.keras")
    assert extractor.stamp.input_size == 299
    flat = np.full((1, 12, 12, 3), (0, 30, 60), np.uint8)
    np.testing.assert_allclose(extractor(flat).pool, [[30 / 127.5 - 1]], atol=1e-5)


def test_a_batch_size_that_the_model_fixes_is_kept(tmp_path):
    inputs = keras.Input([12, 12, 3], batch_size=2)
    model = keras.Model(inputs, LAYERS.GlobalAveragePooling2D()(inputs))
    features = saved(model, tmp_path / "net.keras")(IMAGES)
    np.testing.assert_allclose(features.pool, IMAGES.mean((1, 2)) / 127.5 - 1, atol=1e-5)


class Module(tf.Module):
    """A SavedModel that is not of Keras, with weights."""

    def __init__(self):
        super().__init__()
        self.scale = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 12, 12, 3])])
    def __call__(self, images):
        features = self.scale * tf.reduce_mean(images, [1, 2])
        return {"features": features, "probabilities": tf.nn.softmax(features)}


@pytest.mark.parametrize("signatures", [True, False])
def test_saved_models_of_other_origin(tmp_path, signatures):
    module = Module()
    call = module.__call__.get_concrete_function()
    tf.saved_model.save(module, str(tmp_path / "net"), signatures=call if signatures else {})
    features = UserModel(tmp_path / "net")(IMAGES)
    np.testing.assert_allclose(features.pool, 2 * (IMAGES.mean((1, 2)) / 127.5 - 1), atol=1e-5)
    np.testing.assert_allclose(features.probabilities, tf.nn.softmax(features.pool), atol=1e-6)


def refused(path, problem):
    with pytest.raises(TfdogsError, match=problem) as error:
        UserModel(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)


@pytest.mark.parametrize("name", ["net.keras", "net.h5"])
def test_lambda_layers_are_refused_and_not_run(tmp_path, name):
    inputs = keras.Input([12, 12, 3])
    features = LAYERS.GlobalAveragePooling2D()(LAYERS.Lambda(lambda x: x * 2)(inputs))
    keras.Model(inputs, features).save(tmp_path / name)
    refused(tmp_path / name, "it has a Lambda layer, that is Python code, which is not run from a file")


def with_architecture(path, change):
    """Changes the architecture in a .keras file."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(files["config.json"])
    change(config["config"]["layers"][-1])
    files["config.json"] = json.dumps(config)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        ({"module": "os", "class_name": "system", "config": "true"}, "os.system"),
        ({"module": "os", "class_name": "function", "config": "system"}, "os.system"),
        ({"module": "builtins", "class_name": "function", "config": "eval"}, "builtins.eval"),
        (
            {"module": "os", "class_name": "function", "config": "system", "registered_name": "tests>Known"},
            "os.system",
        ),
    ],
)
def test_foreign_code_is_refused_before_it_is_imported(tmp_path, layer, name):
    keras.saving.register_keras_serializable("tests", "Known")(Known)
    means().save(tmp_path / "net.keras")
    with_architecture(tmp_path / "net.keras", lambda last: last.update({"registered_name": None, **layer}))
    refused(tmp_path / "net.keras", f"it asks for {name}, which is not registered with Keras")


class Known(LAYERS.Layer):
    def call(self, x):
        return 3 * x


def test_registered_layers_are_read(tmp_path):
    keras.saving.register_keras_serializable("tests", "Known")(Known)
    inputs = keras.Input([12, 12, 3])
    model = keras.Model(inputs, Known()(LAYERS.GlobalAveragePooling2D()(inputs)))
    features = saved(model, tmp_path / "net.keras")(IMAGES)
    np.testing.assert_allclose(features.pool, 3 * (IMAGES.mean((1, 2)) / 127.5 - 1), atol=1e-5)


def test_models_of_other_forms_are_refused(tmp_path):
    a, b, flat = keras.Input([12, 12, 3]), keras.Input([12, 12, 3]), keras.Input([7])
    wide, five = keras.Input([12, 10, 3]), keras.Input([12, 12, 5])
    pooled = LAYERS.GlobalAveragePooling2D()(a)
    models = {
        "one input": keras.Model([a, b], LAYERS.Add()([a, b])),
        r"must be float \[N, H, W, C\].*Received: float32 \(None, 7\)": keras.Model(
            flat, LAYERS.Dense(2)(flat)
        ),
        r"Received: float32 \(None, 12, 10, 3\)": keras.Model(wide, wide),
        r"Received: float32 \(None, 12, 12, 5\)": keras.Model(five, five),
        r"features must be \[N, D\] or .*Received: \(1, 144, 3\)": keras.Model(
            a, LAYERS.Reshape([144, 3])(a)
        ),
        "one or two outputs, or name them. Received: 3": keras.Model(a, [pooled, pooled, pooled]),
        "must be named features, pool_3 or pool. Received: x, y": keras.Model(a, {"x": pooled, "y": pooled}),
        "must be probabilities .* that sum to 1": keras.Model(a, [pooled, pooled]),
    }
    for problem, model in models.items():
        model.save(tmp_path / "net.keras")
        refused(tmp_path / "net.keras", problem)


def test_files_that_are_no_models_are_refused(tmp_path):
    for name in ("net.keras", "net.h5"):
        (tmp_path / name).write_bytes(b"nothing")
        refused(tmp_path / name, "cannot be used as an extractor: ")
    means().save_weights(tmp_path / "weights.h5")
    refused(tmp_path / "weights.h5", "weights only; save the whole model")
    with h5py.File(tmp_path / "net.h5", "w") as file:
        file.attrs["model_config"] = "{"
    refused(tmp_path / "net.h5", "cannot be used as an extractor: ")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "cannot be used as an extractor: ")
    (tmp_path / "net.pt").write_bytes(b"nothing")
    with pytest.raises(UsageError, match=r"must be a \.keras or \.h5 file or a SavedModel's folder"):
        UserModel(tmp_path / "net.pt")
