import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.models import registry
from tfdogs.models.gan import GAN
from tfdogs.serving import saved_model, warmup
from tfdogs.serving.float32 import in_float32
from tfdogs.serving.saved_model import export


def own_networks():
    """Conditional networks that tfdogs has not seen, one with BatchNorm."""
    z, image, label = keras.Input((4,)), keras.Input((6, 5, 3)), keras.Input((), dtype="int32")
    x = layers.Concatenate()([z, layers.Embedding(2, 3)(label)])
    x = layers.Activation("tanh")(layers.BatchNormalization()(layers.Dense(6 * 5 * 3)(x)))
    generator = keras.Model([z, label], layers.Reshape((6, 5, 3))(x))
    features = layers.Concatenate()([layers.Flatten()(image), layers.Embedding(2, 3)(label)])
    return generator, keras.Model([image, label], layers.Dense(1)(features))


@pytest.fixture(scope="module")
def own():
    """A GAN of own networks, which has an average that differs from its generator."""
    generator, discriminator = own_networks()
    gan = GAN(
        generator=generator, discriminator=discriminator, loss="wasserstein", latent_dim=4, num_classes=2
    )
    generator.set_weights([weight + 1 for weight in generator.get_weights()])
    gan.images_seen.assign(1500)
    return gan


@pytest.fixture(scope="module")
def own_export(own, tmp_path_factory):
    """The folder of its version 1."""
    return export(own, tmp_path_factory.mktemp("own") / "new/export", card={"data": "pixels", "kind": "toy"})


@pytest.fixture
def stub(monkeypatch):
    """One signature, which takes no time to trace, in the place of all."""
    variable = tf.Variable(1.0)
    module = tf.Module()
    function = tf.function(lambda x: x + variable, input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    module.functions = {"serving_default": function.get_concrete_function()}
    module.weights = [variable]
    monkeypatch.setattr(saved_model, "Signatures", lambda gan, card: module)
    return module


def test_any_networks_and_the_average_of_the_generator(own, own_export):
    assert own_export.name == "1"
    model = tf.saved_model.load(str(own_export))
    inputs = {"seed": tf.range(5, dtype=tf.int64), "truncation": tf.zeros([5]), "label": tf.fill([5], -1)}
    images = model.signatures["images"](**inputs)["images"].numpy()
    np.testing.assert_array_equal(images, own.generate(5))
    trained = GAN(
        generator=own.generator, discriminator=own.discriminator, ema=None, latent_dim=4, num_classes=2
    )
    assert (images != trained.generate(5)).any()


def test_what_lies_in_a_version(own_export):
    files = {str(path.relative_to(own_export)) for path in own_export.rglob("*") if path.is_file()}
    assert files >= {
        "saved_model.pb",
        "variables/variables.index",
        "assets.extra/tf_serving_warmup_requests",
        "assets.extra/card.json",
    }
    card = json.loads((own_export / "assets.extra/card.json").read_text())
    assert card["kimg"] == 1.5 and card["image_shape"] == [6, 5, 3] and card["latent_dim"] == 4
    assert card["classes"] == ["0", "1"]  # nobody has named them
    assert card["discriminator"] == "score" and card["data"] == "pixels" and card["kind"] == "toy"
    assert [path.name for path in own_export.parent.iterdir()] == ["1"]
    assert b"optimizer" not in (own_export / "variables/variables.index").read_bytes()


def test_names_of_the_classes(own, tmp_path):
    with pytest.raises(ValueError, match=r"one name a class, 2 of them\. Received: 3 names"):
        export(own, tmp_path, classes=("a", "b", "c"))


def test_our_networks_are_built_again_in_float32():
    sizes = {"image_size": 28, "latent_dim": 6, "num_classes": 2, "g_channels": 2, "d_channels": 2}
    generator, discriminator = registry.build("dcgan", **sizes, dtype="mixed_bfloat16")
    for network in (generator, discriminator):
        network.set_weights(
            [0.3 * np.random.default_rng(0).normal(size=w.shape) ** 2 for w in network.weights]
        )
    gan = GAN(generator=generator, discriminator=discriminator, loss="hinge", latent="uniform")
    twin = in_float32(gan)
    for network, source in ((twin.generator, gan.ema_generator), (twin.discriminator, discriminator)):
        assert network is not source
        assert {layer.compute_dtype for layer in network.body.layers} == {"float32"}
        for weight, original in zip(network.get_weights(), source.get_weights()):
            np.testing.assert_array_equal(weight, original)
    again, reference = registry.build("dcgan", **sizes)
    for network, source in ((again, twin.generator), (reference, twin.discriminator)):
        network.set_weights(source.get_weights())
    z, labels = gan.sampler.latents(range(3)), np.array([0, 1, 1])
    np.testing.assert_array_equal(twin.generator((z, labels)), again((z, labels)))
    drawn = again((z, labels))
    np.testing.assert_array_equal(twin.discriminator((drawn, labels)), reference((drawn, labels)))
    assert (twin.latent, twin.num_classes, twin.loss_function.name) == ("uniform", 2, "hinge")
    np.testing.assert_array_equal(gan.generate(3), twin.generate(3))  # which draws in float32 too


def test_versions(own, stub, tmp_path):
    assert [export(own, tmp_path, version=version).name for version in (None, 7, None)] == ["1", "7", "8"]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="--version=7 exists"):
        export(own, tmp_path, version=7)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_failure_leaves_nothing(own, stub, tmp_path, monkeypatch):
    def fail(functions, path, *, chunk):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(warmup, "write", fail)
    with pytest.raises(TfdogsError, match="No space left"):
        export(own, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_network_with_state_that_keras_does_not_know(own, stub, tmp_path):
    (variable,), stub.weights = stub.weights, []
    with pytest.raises(TfdogsError, match=r"the networks cannot be exported: .*untracked") as caught:
        export(own, tmp_path)
    assert variable.numpy() == 1  # it is there, and nobody could know
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())
