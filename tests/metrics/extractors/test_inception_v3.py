import contextlib
import gc
import socket
import urllib.error

import numpy as np
import pytest
import tensorflow as tf

from tfdogs import tfgan
from tfdogs.errors import TfdogsError
from tfdogs.metrics import extractors
from tfdogs.metrics.extractors.inception_v3 import InceptionV3

RNG = np.random.default_rng(0)


class Fake(tf.Module):
    """What TensorFlow Hub's Inception is seen from outside: a function with two named outputs."""

    def __init__(self, features=2048, classes=1008, names=("pool_3", "logits")):
        super().__init__()
        self.weights = tf.Variable(tf.random.stateless_normal([3, features], [1, 2]))
        self.classes, self.names = classes, names

    @tf.function(input_signature=[tf.TensorSpec([None, 299, 299, 3])])
    def __call__(self, images):
        pool = tf.reduce_mean(images, [1, 2]) @ self.weights
        return dict(zip(self.names, (pool, pool[:, : self.classes])))


def saved(folder, **options):
    module = Fake(**options)
    tf.saved_model.save(module, str(folder))
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inception")
    saved(folder)
    return folder


@pytest.fixture(scope="module")
def extractor(folder):
    extractor = extractors.get("inception_v3", path=str(folder))
    gc.collect()  # the loaded weights must have an owner
    return extractor


def test_outputs_are_the_models(folder, extractor):
    images = RNG.integers(0, 256, (3, 64, 64, 3), np.uint8)
    features = extractor(images)
    pixels = tf.image.resize(images, [299, 299]) / 127.5 - 1.0
    outputs = tf.saved_model.load(str(folder))(pixels)
    np.testing.assert_allclose(features.pool, outputs["pool_3"], atol=1e-4)
    np.testing.assert_allclose(features.probabilities, tf.nn.softmax(outputs["logits"]), atol=1e-6)
    assert features.probabilities.shape == (3, 1008)
    assert not extractor.imagenet  # its classes have an order of their own


def test_stamp_is_plain_and_follows_the_files(folder, extractor, tmp_path):
    stamp = extractor.stamp
    assert (stamp.extractor, stamp.label, stamp.resizer, stamp.input_size) == (
        "inception_v3",
        "Inception",
        "bilinear",
        299,
    )
    assert stamp.title("FID") == "FID"
    assert InceptionV3(folder).stamp == stamp
    saved(tmp_path / "other", classes=1008)
    (tmp_path / "other" / "assets" / "more").parent.mkdir(exist_ok=True)
    (tmp_path / "other" / "assets" / "more").write_text("more")
    assert InceptionV3(tmp_path / "other").stamp.weights != stamp.weights


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"features": 1000, "classes": 10}, "must have 2048 features and 1008 classes, found 1000 and 10"),
        ({"names": ("pool", "logits")}, "pool_3"),
    ],
)
def test_another_model_is_refused(tmp_path, options, problem):
    saved(tmp_path, **options)
    with pytest.raises(TfdogsError, match=f"is not TF-GAN's Inception.*{problem}") as error:
        InceptionV3(tmp_path)
    assert "\n" not in str(error.value)


def test_a_folder_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(TfdogsError, match="is not TF-GAN's Inception, or it is damaged: "):
        InceptionV3(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"garbage")
    with pytest.raises(TfdogsError, match="is not TF-GAN's Inception, or it is damaged: ") as error:
        InceptionV3(tmp_path)
    assert "\n" not in str(error.value)


def test_unreachable_weights_are_one_line_with_the_remedy(monkeypatch):
    def unreachable(handle):
        assert handle == tfgan.INCEPTION_URL
        raise urllib.error.URLError("Name or service\nnot known")

    monkeypatch.setattr("tensorflow_hub.resolve", unreachable)
    with pytest.raises(TfdogsError) as error:
        extractors.get("inception_v3")
    message = str(error.value)
    assert "\n" not in message and "Name or service not known" in message
    assert "https://tfhub.dev/tensorflow/tfgan/eval/inception/1?tf-hub-format=compressed" in message
    assert "--inception_path=DIR" in message and "--extractor=efficientnet_lite0" in message


def test_a_server_that_says_nothing_is_given_up(monkeypatch, tmp_path):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    before = socket.getdefaulttimeout()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        monkeypatch.setattr(tfgan, "INCEPTION_URL", f"http://127.0.0.1:{server.getsockname()[1]}/inception/1")
        with pytest.raises(OSError, match="timed out"):
            tfgan.fetch_inception(timeout=0.1)
    assert socket.getdefaulttimeout() == before
    assert list(tmp_path.iterdir()) == []


def test_a_fetched_model_is_loaded(folder, extractor, monkeypatch):
    monkeypatch.setattr(
        "tensorflow_hub.resolve", lambda handle: str(folder) if handle == tfgan.INCEPTION_URL else handle
    )
    assert extractors.get("inception_v3").stamp == extractor.stamp
