import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfdogs
from tfdogs.models import registry, strided

SHAPES = {"large": (3, 12, 8, 5), "small": (3, 6, 4, 7), "kernel": (4, 4, 5, 7)}


@pytest.fixture(autouse=True)
def small_maps_are_slow_in_float32(monkeypatch):
    """Takes the way of bfloat16 in float32, so that what comes out can be compared."""
    monkeypatch.setattr(strided, "_is_slow", lambda dtype, side: True)


@pytest.fixture
def few_channels(monkeypatch):
    """Images of 3 channels, on maps where nothing but that decides."""
    monkeypatch.setattr(strided, "_is_slow", lambda dtype, side: False)
    shapes = {**SHAPES, "large": (3, 12, 8, 3), "kernel": (4, 4, 3, 7)}
    monkeypatch.setattr(sys.modules[__name__], "SHAPES", shapes)


def draw(name):
    return tf.constant(np.random.default_rng(len(name)).normal(size=SHAPES[name]), tf.float32)


def plain(name, images, kernel):
    if name == "halve":
        return tf.nn.conv2d(images, kernel, 2, "SAME")
    shape = [tf.shape(images)[0], 2 * images.shape[1], 2 * images.shape[2], kernel.shape[2]]
    return tf.nn.conv2d_transpose(images, kernel, shape, 2, "SAME")


def derivatives(function, images, kernel):
    """Returns the output, the gradients of a curved function of it, and the gradients of their norm."""
    with tf.GradientTape() as outer:
        outer.watch([images, kernel])
        with tf.GradientTape() as inner:
            inner.watch([images, kernel])
            output = function(images, kernel)
            curved = tf.reduce_sum(tf.sin(output))
        first = inner.gradient(curved, [images, kernel])
        norm = tf.add_n([tf.reduce_sum(gradient**2) for gradient in first])
    return [output, *first, *outer.gradient(norm, [images, kernel])]


@pytest.mark.parametrize("name, images", [("halve", "large"), ("double", "small")])
@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
def test_it_is_the_convolution_with_its_first_and_second_derivatives(name, images, traced):
    def compute(function):
        call = lambda images, kernel: derivatives(function, images, kernel)  # noqa: E731
        return (tf.function(call) if traced else call)(draw(images), draw("kernel"))

    ours = compute(getattr(strided, name))
    theirs = compute(lambda *arguments: plain(name, *arguments))
    for own, other in zip(ours, theirs):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name, images", [("halve", "large"), ("double", "small")])
def test_images_of_few_channels_take_a_convolution_of_phases(name, images, few_channels, monkeypatch):
    used = []
    by_phases = strided._by_phases
    monkeypatch.setattr(strided, "_by_phases", lambda *given: used.append(1) or by_phases(*given))
    arguments = draw(images), draw("kernel")
    ours = derivatives(getattr(strided, name), *arguments)
    theirs = derivatives(lambda *given: plain(name, *given), *arguments)
    for own, other in zip(ours, theirs):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-3)
    assert used


def test_the_layers_are_keras_own_with_the_same_names_and_weights():
    for ours, theirs, shape in (
        (strided.Conv2D, keras.layers.Conv2D, SHAPES["large"]),
        (strided.Conv2DTranspose, keras.layers.Conv2DTranspose, SHAPES["small"]),
    ):
        pair = [layer(6, 4, 2, padding="same", use_bias=ours is strided.Conv2D) for layer in (ours, theirs)]
        for layer in pair:
            layer.build(shape)
        pair[1].set_weights(pair[0].get_weights())
        images = tf.random.stateless_normal(shape, [1, 2])
        np.testing.assert_allclose(*(layer(images) for layer in pair), rtol=1e-4, atol=1e-5)
        assert ours.__name__ == theirs.__name__


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_layers_train_as_keras_own(policy, monkeypatch):
    monkeypatch.undo()
    gradients = []
    for kinds in (
        (strided.Conv2D, strided.Conv2DTranspose),
        (keras.layers.Conv2D, keras.layers.Conv2DTranspose),
    ):
        keras.utils.set_random_seed(0)
        options = {"padding": "same", "use_bias": False, "dtype": policy}
        stack = keras.Sequential([kinds[0](16, 4, 2, **options), kinds[1](3, 4, 2, **options)])
        images = tf.random.stateless_normal([4, 8, 8, 3], [1, 2])
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.cast(stack(images), tf.float32) ** 2)
        gradients.append(tape.gradient(loss, stack.trainable_variables))
    for ours, theirs in zip(*gradients):
        largest = float(tf.reduce_max(tf.abs(theirs)))
        np.testing.assert_allclose(ours, theirs, atol=largest * (1e-5 if policy == "float32" else 0.02))


def test_bfloat16_is_true_to_its_digits(monkeypatch):
    monkeypatch.undo()
    large, small, kernel = (draw(name) for name in SHAPES)
    half = [tf.cast(value, tf.bfloat16) for value in (large, kernel)]
    assert strided._is_slow(tf.bfloat16, 6) and not strided._is_slow(tf.float32, 6)
    with tf.GradientTape() as tape:
        tape.watch(half)
        output = tf.reduce_sum(strided.halve(*half) * tf.cast(small, tf.bfloat16))
    _, ours = tape.gradient(output, half)
    true = strided._weights(large, small)
    assert ours.dtype == tf.bfloat16
    np.testing.assert_allclose(
        tf.cast(ours, tf.float32), true, rtol=0.02, atol=0.02 * float(tf.reduce_max(true))
    )


@pytest.mark.parametrize("image_size", [28, 36, 60])
def test_networks_of_every_size_train_in_bfloat16(image_size, monkeypatch):
    monkeypatch.undo()
    sizes = {"image_size": image_size, "g_channels": 1, "d_channels": 1, "latent_dim": 3, "d_norm": "none"}
    generator, discriminator = registry.build("dcgan", dtype="mixed_bfloat16", **sizes)
    gan = tfdogs.GAN(generator=generator, discriminator=discriminator, regularizers=[tfdogs.R1(1.0)])
    gan.compile()
    images = np.random.default_rng(0).integers(0, 256, (2, image_size, image_size, 3), np.uint8)
    history = gan.fit(images, batch_size=2, verbose=0).history
    assert np.isfinite(history["d_loss"]).all() and np.isfinite(history["r1"]).all()
