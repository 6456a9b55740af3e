"""A served dog is the generated dog, in whatever precision its run was trained."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfdogs
from tfdogs.models import build
from tfdogs.serving.saved_model import export

SEEDS = np.arange(37)


def make(dtype, model="dcgan", **options):
    keras.utils.set_random_seed(3)
    sizes = {"image_size": 28, "latent_dim": 6, "num_classes": 2, "g_channels": 2, "d_channels": 2}
    generator, discriminator = build(model, **sizes, **options, dtype=dtype)
    for weight in generator.weights:
        if "kernel" in weight.name or "embeddings" in weight.name:
            weight.assign(weight * 20)
    gan = tfdogs.GAN(generator=generator, discriminator=discriminator, ema=tfdogs.EMA(0.01, rampup=None))
    gan.compile()
    return gan


def train(gan):
    images = np.random.default_rng(0).integers(0, 256, (8, *gan.image_shape), dtype=np.uint8)
    gan.fit(images, np.arange(8) % 2, batch_size=4, verbose=0)


def served(gan, path):
    model = tf.saved_model.load(str(export(gan, path)))
    inputs = {"seed": SEEDS, "truncation": np.zeros(len(SEEDS), np.float32), "label": SEEDS % 2}
    inputs = {name: tf.constant(value) for name, value in inputs.items()}
    inputs["label"] = tf.cast(inputs["label"], tf.int32)
    pictures = model.signatures["serving_default"](**inputs)["image_bytes"].numpy()
    return np.stack([tf.io.decode_png(picture).numpy() for picture in pictures])


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_a_served_dog_is_the_generated_dog_of_a_run_in_reduced_precision(dtype, tmp_path):
    gan = make(dtype, d_norm="none")
    before = gan.generate(len(SEEDS))
    train(gan)
    images = gan.generate(len(SEEDS))
    assert not np.array_equal(images, before)  # the weights of now are drawn with
    np.testing.assert_array_equal(served(gan, tmp_path), images)
    z = gan.sampler.latents(SEEDS)
    reduced = gan.ema_generator((z, SEEDS % 2), training=False).numpy()
    assert np.abs((reduced + 1) * 127.5 - images).max() > 1.0  # which these images differ from


def test_networks_in_float32_draw_by_themselves():
    gan = make(None, d_norm="none")
    assert gan.sampler.network is gan.sampler.generator is gan.ema_generator
    reduced = make("mixed_bfloat16", d_norm="none").sampler
    assert reduced.network is reduced.network is not reduced.generator
    assert {
        layer.compute_dtype for layer in reduced.network.submodules if hasattr(layer, "compute_dtype")
    } == {"float32"}
