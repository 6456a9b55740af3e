"""Skip-layer excitation, against NumPy, and where it stands in the generators."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.errors import UsageError
from tfdogs.models import build
from tfdogs.models.dcgan import DCGANGenerator
from tfdogs.models.r3gan import R3GANGenerator
from tfdogs.models.skip_excitation import SkipExcitation, adaptive_average

RNG = np.random.default_rng(0)


def by_hand(low, high, squeeze, excite, gain=1.0):
    """The module in NumPy: float64 [N, H, W, F]."""
    side, pooled = low.shape[1], np.zeros((len(low), 4, 4, low.shape[-1]))
    for i in range(4):
        for j in range(4):
            rows, columns = (slice(side * k // 4, int(np.ceil(side * (k + 1) / 4))) for k in (i, j))
            pooled[:, i, j] = low[:, rows, columns].mean((1, 2))
    vector = np.einsum("nhwc,hwcf->nf", pooled, squeeze)
    vector = np.where(vector > 0, vector, 0.1 * vector) @ excite[0, 0]
    return gain / (1 + np.exp(-vector))[:, None, None] * high


def layer(low, high, gain=1.0):
    made = SkipExcitation("he_normal", "he_normal", gain=gain)
    made([low, high])
    return made


@pytest.mark.parametrize("side", [4, 5, 6, 7, 8, 14])
@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_it_is_the_papers_module(side, gain):
    low, high = (RNG.normal(size=(3, n, n, c)).astype("float32") for n, c in ((side, 5), (8 * side, 2)))
    made = layer(low, high, gain)
    expected = by_hand(low, high, *made.get_weights(), gain)
    np.testing.assert_allclose(made([low, high]), expected, rtol=1e-4, atol=1e-6)


def test_gradients_are_those_of_the_equation():
    low, high = (RNG.normal(size=(2, n, n, c)).astype("float32") for n, c in ((4, 3), (8, 2)))
    made = layer(low, high)
    with tf.GradientTape() as tape:
        low, high = tf.constant(low), tf.constant(high)
        tape.watch([low, high])
        loss = tf.reduce_sum(tf.square(made([low, high])))
    inputs = [x.numpy().astype("float64") for x in (low, high, *made.trainable_variables)]
    slopes = tape.gradient(loss, [low, high, *made.trainable_variables])
    for position, slope in enumerate(slopes):
        direction = RNG.normal(size=slope.shape)

        def moved(step, position=position, direction=direction):
            values = [x + step * direction if i == position else x for i, x in enumerate(inputs)]
            return np.sum(by_hand(*values) ** 2)

        difference = (moved(1e-6) - moved(-1e-6)) / 2e-6
        np.testing.assert_allclose(np.sum(slope * direction), difference, rtol=1e-3)


def test_each_bin_of_the_average_is_pytorchs():
    x = tf.reshape(tf.range(7, dtype=tf.float32), [1, 7, 1, 1]) * tf.ones([1, 7, 4, 1])
    # Bins 0-1, 1-3, 3-5 and 5-6 of 7.
    np.testing.assert_allclose(adaptive_average(x, 4)[0, :, 0, 0], [0.5, 2.0, 4.0, 5.5])


def gates(generator):
    """The sides of the maps that meet in each gate: [(small, large)]."""
    found = [x for x in generator.body.layers if isinstance(x, SkipExcitation)]
    return [tuple(shape[1] for shape in gate.input_shape) for gate in found]


@pytest.mark.parametrize(
    ("network", "sides"),
    [
        (lambda **o: DCGANGenerator(64, **o), [(4, 32)]),
        (lambda **o: DCGANGenerator(100, **o), [(7, 56)]),
        (lambda **o: DCGANGenerator(128, **o), [(4, 32), (8, 64)]),
        (lambda **o: R3GANGenerator(32, **o), [(4, 32)]),
        (lambda **o: R3GANGenerator(64, **o), [(4, 32), (8, 64)]),
        (lambda **o: R3GANGenerator(64, patch=2, **o), [(4, 32)]),
        (lambda **o: R3GANGenerator(128, blocks=1, **o), [(4, 32), (8, 64), (16, 128)]),
    ],
    ids=["dcgan64", "dcgan100", "dcgan128", "r3gan32", "r3gan64", "r3gan64 patch", "r3gan128"],
)
def test_a_gate_for_each_map_8_times_as_large_as_another(network, sides):
    assert gates(network(base_channels=1, skip_excitation=True)) == sides
    assert isinstance(network(base_channels=1).body, keras.Sequential)


@pytest.mark.parametrize(("name", "size"), [("dcgan", 32), ("dcgan", 63), ("r3gan", 28)])
def test_images_too_small_for_it_are_refused(name, size):
    with pytest.raises(UsageError, match=f"{name}: skip_excitation needs a feature map 8 times as large"):
        build(name, image_size=size, skip_excitation=True)


def twins(cls, **options):
    """A generator without gates and one with, of the same weights but for the gates'."""
    keras.utils.set_random_seed(2)
    networks = [cls(64, 3, 16, base_channels=8, skip_excitation=on, **options) for on in (False, True)]
    for network in networks:
        network.build()
    plain = [layer for layer in networks[1].body.layers if not isinstance(layer, SkipExcitation)]
    pairs = zip(networks[0].body.layers, plain[1:], strict=True)  # the functional model has an input layer
    for ours, theirs in pairs:
        assert type(ours) is type(theirs)
        theirs.set_weights(ours.get_weights())
    return networks


def test_r3gan_starts_as_without_gates():
    plain, gated = twins(R3GANGenerator, blocks=1)
    z = RNG.normal(size=(4, 16)).astype("float32")
    np.testing.assert_allclose(gated(z), plain(z), rtol=1e-5, atol=1e-6)
    assert np.std(plain(z)) > 0.1


def test_dcgans_gates_start_at_a_half():
    plain, gated = twins(DCGANGenerator)
    z = RNG.normal(size=(16, 16)).astype("float32")
    before = [np.arctanh(network(z, training=True)) for network in (plain, gated)]
    assert np.std(before[1] - 0.5 * before[0]) < 0.05 * np.std(before[0])


@pytest.mark.parametrize("cls", [DCGANGenerator, R3GANGenerator])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_all_of_it_learns(cls, dtype):
    keras.utils.set_random_seed(2)
    generator = cls(64, 3, 16, base_channels=4, skip_excitation=True, dtype=dtype)
    generator.build()
    optimizer = keras.optimizers.Adam(1e-2)
    before = generator.get_weights()
    for _ in range(3):  # the kernel before one that starts at zero has no slope at first
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(generator(RNG.normal(size=(4, 16)).astype("float32")) - 0.5))
        variables = generator.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    moved = [not np.array_equal(a, b) for a, b in zip(before, generator.get_weights())]
    assert sum(moved) == len(generator.trainable_variables)
