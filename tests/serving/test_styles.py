"""What truncation is for a generator that truncates styles, everywhere where one can ask for it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models import build, latents
from tfdogs.models.gan import GAN
from tfdogs.sampling.sampler import CHUNK
from tfdogs.serving import onnx_file, tflite_file
from tfdogs.serving.float32 import in_float32
from tfdogs.serving.signatures import Signatures

SEEDS = np.arange(CHUNK + 3)
PSI = np.array([0, 0.5, 0.8], np.float32)[SEEDS % 3]  # 0 for none
OWN = np.full(len(SEEDS), -1, np.int32)


@pytest.fixture(scope="module")
def gan():
    keras.utils.set_random_seed(1)
    generator, discriminator = build(
        "stylegan2", image_size=28, latent_dim=4, num_classes=2, g_channels=1, d_channels=1, mapping_layers=2
    )
    generator.w_mean.assign([0.5, -0.5, 0.2, 0.0])
    return in_float32(GAN(generator=generator, discriminator=discriminator, ema=None))


@pytest.fixture(scope="module")
def expected(gan):
    """The images of `SEEDS`, each with its `PSI`."""
    by_psi = {psi: gan.sampler.images(SEEDS, truncation=psi or None) for psi in np.unique(PSI).tolist()}
    images = np.stack([by_psi[psi][i] for i, psi in enumerate(PSI.tolist())])
    assert np.abs(by_psi[0.5].astype(int) - by_psi[0]).mean() > 1
    return images


@pytest.fixture(scope="module")
def functions(gan):
    return Signatures(gan, {}).functions


def decoded(files):
    return np.stack([tf.io.decode_png(file).numpy() for file in files.numpy()])


def test_seeds(functions, expected):
    images = functions["images"](seed=SEEDS, truncation=PSI, label=OWN)["images"]
    np.testing.assert_array_equal(images, expected)


def test_latents(gan, functions, expected):
    z, label = gan.sampler.latents(SEEDS), (SEEDS % 2).astype(np.int32)
    files = functions["from_latents"](z=z, truncation=PSI, label=label)["image_bytes"]
    np.testing.assert_array_equal(decoded(files), expected)


def test_walks(gan, functions):
    start, end = np.full(3, 3), np.full(3, 11)
    fraction, psi = np.array([0, 0.3, 1], np.float32), np.full(3, 0.5, np.float32)
    ends = {f"label_{end}": np.full(3, -1, np.int32) for end in ("from", "to")}
    files = functions["interpolate"](seed_from=start, seed_to=end, fraction=fraction, truncation=psi, **ends)[
        "image_bytes"
    ]
    z = latents.between("normal", *(gan.sampler.latents(seeds) for seeds in (start, end)), fraction).numpy()
    np.testing.assert_array_equal(decoded(files), gan.sampler.from_latents(z, np.ones(3, np.int32), 0.5))
    np.testing.assert_array_equal(decoded(files)[:1], gan.sampler.images([3], truncation=0.5))


def test_a_verdict_does_not_depend_on_the_request(gan, functions):
    files = [tf.io.encode_png(image).numpy() for image in gan.sampler.images(SEEDS)]
    labels = (SEEDS % 2).astype(np.int32)
    judge = functions["discriminate"]
    whole = judge(image_bytes=tf.constant(files), label=labels)["probability"]
    alone = judge(image_bytes=tf.constant(files[-1:]), label=labels[-1:])["probability"]
    np.testing.assert_array_equal(alone, whole[-1:])


def close(images, expected):
    difference = np.abs(images.astype(int) - expected)
    assert difference.max() <= 1 and np.mean(difference > 0) < 1e-3


def test_onnx(gan, expected, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    path = tmp_path / "generator.onnx"
    onnx_file.write(gan, path)
    model = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert [node.name for node in model.get_inputs()] == ["z", "label", "truncation"]
    inputs = {"z": gan.sampler.latents(SEEDS), "label": (SEEDS % 2).astype(np.int32), "truncation": PSI}
    close(model.run(["images"], inputs)[0], expected)


def test_tflite(gan, expected, tmp_path):
    path = tmp_path / "generator.tflite"
    tflite_file.write(gan, path)
    run = tf.lite.Interpreter(str(path)).get_signature_runner("serving_default")
    label = (SEEDS % 2).astype(np.int32)
    close(run(z=gan.sampler.latents(SEEDS), label=label, truncation=PSI)["images"], expected)
