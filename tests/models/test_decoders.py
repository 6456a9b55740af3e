"""What the decoders of a discriminator are shown and asked for, against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.errors import UsageError
from tfdogs.models import build, decoders
from tfdogs.models.dcgan import DCGANDiscriminator
from tfdogs.models.noise import Noise
from tfdogs.models.r3gan import R3GANDiscriminator

RNG = np.random.default_rng(0)
NOISE = Noise(tf.constant([1, 2], tf.int64))


def image(n, side, channels=3):
    return RNG.uniform(-1, 1, (n, side, side, channels)).astype("float32")


def by_hand(x, corner, length, side):
    """One image's square, by a grid so fine that each pixel is cut into 60 x 60."""
    fine = np.float64(x).repeat(60, 0).repeat(60, 1)
    top, left = (round(60 * float(c)) for c in corner)
    length = round(60 * length)
    step = length // side
    fine = fine[top : top + length, left : left + length]
    return fine.reshape(side, step, side, step, -1).mean((1, 3))


@pytest.mark.parametrize(
    ("corners", "length", "side"),
    [([[2, 0], [0, 5]], 3, 3), ([[0, 0], [2, 4]], 4, 2), ([[0.5, 1.2], [2.5, 0]], 5.5, 6)],
    ids=["cut", "halved", "between pixels"],
)
def test_a_square_is_cut_out_and_scaled_by_areas(corners, length, side):
    x = image(2, 8)
    found = decoders.resampled(tf.constant(x), tf.constant(corners, tf.float32), length, side)
    expected = [by_hand(one, corner, length, side) for one, corner in zip(x, corners)]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_cut_is_exact_in_half_precision(dtype):
    x = tf.cast(image(2, 16), dtype)
    found = decoders.resampled(x, tf.constant([[8.0, 3.0], [0.0, 7.0]]), 8, 8)
    np.testing.assert_array_equal(found, tf.stack([x[0, 8:16, 3:11], x[1, :8, 7:15]]))


@pytest.mark.parametrize(
    ("network", "maps", "drawn"),
    [
        (lambda: DCGANDiscriminator(28, 1, base_channels=2, reconstruction=True), (14, 7), 14),
        (lambda: DCGANDiscriminator(64, base_channels=2, reconstruction=True), (16, 8), 32),
        (lambda: DCGANDiscriminator(128, base_channels=2, reconstruction=True), (16, 8), 64),
        (lambda: R3GANDiscriminator(28, base_channels=2, blocks=1, reconstruction=True), (14, 7), 14),
        (lambda: R3GANDiscriminator(48, base_channels=2, blocks=1, reconstruction=True), (24, 12), 24),
        (lambda: R3GANDiscriminator(64, base_channels=2, patch=2, reconstruction=True), (16, 8), 32),
    ],
    ids=["dcgan28", "dcgan64", "dcgan128", "r3gan28", "r3gan48", "r3gan64 patch"],
)
def test_maps_and_what_is_drawn_of_them(network, maps, drawn):
    critic = network()
    critic.build()
    found = critic.judge_and_encode(image(2, *critic.image_shape[1:]))[1]
    assert tuple(x.shape[1] for x in found) == maps
    assert [d.output_shape[1:] for d in critic.decoders] == [(drawn, drawn, critic.channels)] * 2


def test_a_map_is_its_sides_last_one():
    critic, x = DCGANDiscriminator(32, base_channels=2, norm="batch", reconstruction=True), image(2, 32)
    activations = critic.body.layers[1], critic.body.layers[4]
    expected = keras.Model(critic.body.inputs, [layer.output for layer in activations])(x)
    for ours, theirs in zip(critic.judge_and_encode(x)[1], expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_both_pairs():
    critic = DCGANDiscriminator(32, 3, base_channels=2, norm="none", reconstruction=True)
    critic.build()
    x = image(5, 32)
    _, maps = critic.judge_and_encode(x)
    assert [m.shape[1] for m in maps] == [16, 8]
    (part, cut), (whole, small) = critic.reconstruct(maps, tf.constant(x), NOISE)
    corners = np.floor(9 * NOISE.uniform([5, 2]).numpy()).astype(int)
    assert len(np.unique(corners)) > 2
    crops = np.stack([m[r : r + 8, c : c + 8] for m, (r, c) in zip(maps[0].numpy(), corners)])
    pixels = [i[2 * r : 2 * r + 16, 2 * c : 2 * c + 16] for i, (r, c) in zip(x, corners)]
    np.testing.assert_allclose(cut, pixels, atol=1e-6)
    np.testing.assert_allclose(part, critic.decoders[0](crops), atol=1e-6)
    np.testing.assert_allclose(small, x.reshape(5, 16, 2, 16, 2, 3).mean((2, 4)), atol=1e-6)
    np.testing.assert_allclose(whole, critic.decoders[1](maps[1]), atol=1e-6)


@pytest.mark.parametrize("classes", [0, 2])
def test_logits_are_those_without_maps(classes):
    critic = R3GANDiscriminator(32, base_channels=4, blocks=1, num_classes=classes, reconstruction=True)
    critic.build()
    inputs = (image(3, 32), np.array([0, 1, 1])) if classes else image(3, 32)
    np.testing.assert_allclose(critic.judge_and_encode(inputs)[0], critic(inputs), rtol=1e-5)


def test_in_half_precision_what_is_compared_is_float32():
    critic = DCGANDiscriminator(32, base_channels=2, reconstruction=True, dtype="mixed_bfloat16")
    critic.build()
    logits, maps = critic.judge_and_encode(image(2, 32))
    assert {m.dtype.name for m in maps} == {"bfloat16"} and logits.dtype == tf.float32
    pairs = critic.reconstruct(maps, tf.constant(image(2, 32)), NOISE)
    assert {x.dtype.name for pair in pairs for x in pair} == {"float32"}


def test_signals_keep_their_size_in_a_decoder():
    maps = [keras.Input((16, 16, 64)), keras.Input((8, 8, 128))]
    keras.utils.set_random_seed(0)
    _, whole = decoders.make_decoders(maps, (64, 64, 3), 64)
    x = tf.random.stateless_normal([8, 8, 8, 128], [1, 2])
    for layer in whole.layers[:-2]:
        x = layer(x)
    assert 0.3 < float(tf.reduce_mean(tf.square(x))) < 1.5


def test_too_few_maps_are_refused():
    message = "r3gan: reconstruction needs feature maps of two sides of 7 px or more.*Received: sides 8, 4"
    with pytest.raises(UsageError, match=message):
        build("r3gan", image_size=64, patch=8, reconstruction=True)
