import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.errors import TfdogsError
from tfdogs.metrics import extractors
from tfdogs.metrics.extractors import keras_inception
from tfdogs.metrics.extractors.keras_inception import KerasInceptionV3

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 40, 40, 3), np.uint8)


def small(classes, pooling="avg", **_):
    """InceptionV3 seen from its ends: 2048 features, and perhaps a top layer."""
    inputs = keras.Input([299, 299, 3])
    x = keras.layers.AveragePooling2D(40)(inputs)
    x = keras.layers.Conv2D(2048, 1)(x)
    x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    if classes:
        x = keras.layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(inputs, x)


@pytest.fixture
def network(monkeypatch):
    """Puts small networks for the real ones."""
    monkeypatch.setattr(keras_inception, "_architecture", small)
    return small


def expected(model):
    pixels = tf.image.resize(IMAGES, [299, 299]) / 127.5 - 1.0
    return keras.Model(model.input, [model.get_layer("avg_pool").output, model.output])(pixels)


@pytest.mark.parametrize("name", ["weights_only.h5", "new.weights.h5", "whole.h5"])
@pytest.mark.parametrize("classes", [0, 7, 1000])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_files_with_and_without_top_are_read(network, tmp_path, name, classes):
    model = network(classes)
    (model.save if name == "whole.h5" else model.save_weights)(tmp_path / name)
    extractor = KerasInceptionV3(tmp_path / name)
    assert (extractor.num_features, extractor.num_classes) == (2048, classes)
    assert extractor.imagenet == (classes == 1000)
    pool, probabilities = extractor(IMAGES)
    np.testing.assert_allclose(pool, expected(model)[0], atol=1e-4)
    if classes:
        np.testing.assert_allclose(probabilities, expected(model)[1], atol=1e-4)
    else:
        assert probabilities is None


def test_the_real_network_takes_its_weights_and_never_the_plain_name(tmp_path):
    model = keras.applications.InceptionV3(weights=None, classes=7)
    model.save_weights(tmp_path / "inception_v3.h5")
    extractor = extractors.get("inception_v3", path=str(tmp_path / "inception_v3.h5"))
    pool, probabilities = extractor(IMAGES)
    np.testing.assert_allclose(pool, expected(model)[0], atol=1e-4)
    np.testing.assert_allclose(probabilities, expected(model)[1], atol=1e-4)
    stamp = extractor.stamp
    assert stamp.title("FID") == "FID (Keras InceptionV3)"
    assert (stamp.extractor, stamp.input_size) == ("inception_v3", 299)


def test_other_files_are_refused(network, tmp_path):
    path = tmp_path / "weights.h5"
    path.write_bytes(b"no HDF5")
    with pytest.raises(TfdogsError, match=r"^.*weights\.h5 has no weights of Keras' InceptionV3: ") as error:
        KerasInceptionV3(path)
    assert "\n" not in str(error.value)
    keras.Sequential([keras.Input([5]), keras.layers.Dense(3), keras.layers.Dense(2)]).save_weights(path)
    with pytest.raises(TfdogsError, match=r"has no weights of Keras' InceptionV3: ") as error:
        KerasInceptionV3(path)
    assert "\n" not in str(error.value)
    with pytest.raises(TfdogsError, match="No such file"):
        KerasInceptionV3(tmp_path / "none.h5")


def test_a_file_that_is_cut_off_is_refused_and_the_policy_restored(network, tmp_path):
    path = tmp_path / "weights.h5"
    network(7).save_weights(path)
    path.write_bytes(path.read_bytes()[:5000])
    policy = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        with pytest.raises(TfdogsError, match="has no weights of Keras' InceptionV3"):
            KerasInceptionV3(path)
        assert keras.mixed_precision.global_policy().name == "mixed_bfloat16"
    finally:
        keras.mixed_precision.set_global_policy(policy)
