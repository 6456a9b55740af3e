import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.models.gan import GAN
from tfdogs.serving import onnx_file

onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")


def session(gan, path):
    onnx_file.write(gan, path)
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def test_saved_model_onnx_and_keras_agree(gan, signatures, tmp_path):
    model = session(gan, tmp_path / "generator.onnx")
    facts = {node.name: (node.type, node.shape[1:]) for node in (*model.get_inputs(), *model.get_outputs())}
    assert facts == {
        "z": ("tensor(float)", [6]),
        "label": ("tensor(int32)", []),
        "images": ("tensor(uint8)", [28, 28, 3]),
    }
    seeds = np.arange(100)
    expected = gan.generate(100)
    inputs = {"seed": seeds, "truncation": np.zeros(100, np.float32), "label": np.full(100, -1, np.int32)}
    saved = signatures["images"](**inputs)["images"].numpy()
    np.testing.assert_array_equal(saved, expected)
    labels = (seeds % 3).astype(np.int32)
    (images,) = model.run(["images"], {"z": gan.sampler.latents(seeds), "label": labels})
    difference = np.abs(images.astype(int) - expected)
    most, share = difference.max(), np.mean(difference > 0)
    print(f"ONNX against Keras on 100 seeds: at most {most} of 255, {share:.1e} of the values differ")
    assert images.dtype == np.uint8 and most <= 1 and share < 1e-3


def test_unconditional_in_any_batch(plain_gan, tmp_path):
    model = session(plain_gan, tmp_path / "generator.onnx")
    z = plain_gan.sampler.latents(range(7))
    for rows in (1, 2, 7):
        (images,) = model.run(None, {"z": z[:rows]})
        expected = plain_gan.sampler.from_latents(z[:rows])
        np.testing.assert_allclose(images.astype(int), expected.astype(int), rtol=0, atol=1)


def test_without_the_package(plain_gan, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(UsageError, match=r"pip install 'tfdogs\[onnx\]'"):
        onnx_file.write(plain_gan, tmp_path / "generator.onnx")
    assert not list(tmp_path.iterdir())


def test_an_operation_that_onnx_lacks(tmp_path):
    def special(x):
        return tf.reshape(tf.tanh(tf.math.bessel_i0e(x)), [-1, 4, 4, 3])

    generator = keras.Sequential([keras.Input((48,)), layers.Lambda(special)])
    critic = keras.Sequential([keras.Input((4, 4, 3)), layers.Flatten(), layers.Dense(1)])
    gan = GAN(generator=generator, discriminator=critic, ema=None)
    with pytest.raises(TfdogsError, match="cannot be written as ONNX: ") as caught:
        onnx_file.write(gan, tmp_path / "generator.onnx")
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())
