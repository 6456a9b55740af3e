"""What SNGAN, SAGAN and BigGAN have in common."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models import residual_plan
from tfdogs.models.attention import SelfAttention
from tfdogs.models.biggan import BigGANDiscriminator, BigGANGenerator
from tfdogs.models.sagan import SAGANDiscriminator, SAGANGenerator
from tfdogs.models.sngan import SNGANDiscriminator, SNGANGenerator
from tfdogs.training.ema import weight_pairs

PAIRS = {
    "sngan": (SNGANGenerator, SNGANDiscriminator),
    "sagan": (SAGANGenerator, SAGANDiscriminator),
    "biggan": (BigGANGenerator, BigGANDiscriminator),
}
NAMES = pytest.mark.parametrize("name", PAIRS)


def tiny(name, size=28, channels=1, classes=0, **kwargs):
    keras.utils.set_random_seed(0)
    g, d = PAIRS[name]
    kwargs = {"num_classes": classes, "base_channels": 1, **kwargs}
    networks = g(size, channels, 5, **kwargs), d(size, channels, **kwargs)
    for network in networks:
        network.build()
    return networks


def example(n=3, classes=0):
    z = np.random.default_rng(0).normal(size=(n, 5)).astype("float32")
    return (z, np.arange(n, dtype="int32") % classes) if classes else z


def run(networks, inputs, classes=0, **kwargs):
    images = networks[0](inputs, **kwargs)
    return images, networks[1]((images, inputs[1]) if classes else images, **kwargs)


def test_widths_are_the_papers():
    # Miyato et al. 2018, tables 4 and 6 (32 and 128 px); Brock et al. 2019, table 4 and its authors' code.
    assert residual_plan.generator_widths(32) == (4, (4, 4, 4))
    assert residual_plan.generator_widths(64) == (16, (8, 4, 2, 1))
    assert residual_plan.generator_widths(64, last=2) == (16, (16, 8, 4, 2))
    assert (
        residual_plan.generator_widths(128)
        == residual_plan.generator_widths(128, last=2)
        == (16, (16, 8, 4, 2, 1))
    )
    assert residual_plan.discriminator_widths(32) == ((4, True), (4, True), (4, False), (4, False))
    tops = ((1, True), (2, True), (4, True), (8, True))
    assert residual_plan.discriminator_widths(64) == (*tops, (16, False))
    assert residual_plan.discriminator_widths(128) == (*tops, (16, True), (16, False))


@pytest.mark.parametrize(
    ("image_size", "at_most", "expected"),
    [
        (128, 64, 64),
        (128, 32, 32),
        (64, 32, 32),
        (32, 32, 16),
        (48, 32, 24),
        (100, 32, 28),
        (64, 0, 0),
        (64, 4, 0),
    ],
)
def test_attention_is_at_32_or_at_half_the_image(image_size, at_most, expected):
    assert residual_plan.attention_size(image_size, at_most) == expected


@pytest.mark.parametrize(("name", "size"), [("sngan", 50), ("sagan", 128), ("biggan", 64)])
def test_sizes(name, size):
    networks = tiny(name, size, 3, classes=2)
    counts = [len(network.weights) for network in networks]
    images, logits = run(networks, example(classes=2), 2, training=True)
    assert counts == [len(network.weights) for network in networks]  # all were there before the first call
    assert images.shape == networks[0].compute_output_shape([(3, 5), (3,)]) == (3, size, size, 3)
    assert images.dtype == logits.dtype == tf.float32
    assert np.abs(images).max() <= 1 and np.std(images) > 0
    assert logits.shape == networks[1].compute_output_shape([(3, size, size, 3), (3,)]) == (3, 1)
    assert np.isfinite(logits).all() and np.std(logits) > 0


def attentions(network):
    """Sizes of the maps that attention layers get in one call."""
    sizes, calls = [], {}
    for layer in network.stack:
        if isinstance(layer, SelfAttention):
            calls[layer] = layer.call
            layer.call = lambda inputs, call=layer.call, **kwargs: (
                sizes.append(inputs.shape[1]),
                call(inputs),
            )[1]
    return sizes


@pytest.mark.parametrize(("name", "expected"), [("sngan", []), ("sagan", [16]), ("biggan", [16])])
def test_attention_in_both_networks(name, expected):
    networks = tiny(name, 32)
    sizes = [attentions(network) for network in networks]
    run(networks, example())
    assert sizes == [expected, expected]


@pytest.mark.parametrize(("name", "dtype"), [("sagan", "mixed_bfloat16"), ("biggan", "mixed_float16")])
def test_half_precision(name, dtype):
    networks = tiny(name, classes=2, dtype=dtype)
    images, logits = run(networks, example(classes=2), 2, training=True)
    assert images.dtype == logits.dtype == tf.float32
    assert np.isfinite(images).all() and np.isfinite(logits).all()
    half = dtype.removeprefix("mixed_")
    for network in networks:
        assert half in {layer.compute_dtype for layer in network.stack}
        assert {w.dtype.name for w in network.weights} == {"float32"}
        assert network.get_config()["dtype"] == dtype


def test_latents_are_split_before_they_are_rounded():
    generator, _ = tiny("biggan", dtype="mixed_bfloat16")
    seen = []
    generator.split = lambda z, labels, split=generator.split: seen.append(z) or split(z, labels)
    latents = example()
    generator(latents)
    np.testing.assert_array_equal(seen[0], latents)


@pytest.mark.parametrize(("name", "classes"), [("sngan", 0), ("sagan", 2), ("biggan", 2)])
def test_save_load_and_build_again(name, classes, tmp_path):
    networks = tiny(name, classes=classes, dtype="mixed_bfloat16")
    inputs = example(classes=classes)
    run(networks, inputs, classes, training=True)  # moves u and BatchNorm's averages
    expected = run(networks, inputs, classes)
    for i, network in enumerate(networks):
        network.save(tmp_path / f"{i}.keras")
    loaded = [keras.saving.load_model(tmp_path / f"{i}.keras") for i in range(2)]
    for a, b in zip(expected, run(loaded, inputs, classes)):
        np.testing.assert_array_equal(a, b)
    whole = []
    for network in networks:  # as an export does
        twin = type(network).from_config({**network.get_config(), "dtype": "float32"})
        twin.build()
        for copy, weight in weight_pairs(twin, network):
            assert copy.shape == weight.shape
            copy.assign(weight)
        whole.append(twin)
    images, _ = run(whole, inputs, classes)
    np.testing.assert_allclose(images, expected[0], atol=0.2)


@NAMES
def test_labels_change_what_is_drawn_and_how_it_is_judged(name):
    networks = tiny(name, classes=3)
    z, labels = np.repeat(example(n=1), 2, axis=0), np.array([0, 2])
    images = networks[0]((z, labels)).numpy()
    assert np.abs(images[0] - images[1]).max() > 1e-4
    logits = networks[1]((np.repeat(images[:1], 2, axis=0), labels)).numpy()
    assert abs(logits[0] - logits[1]) > 1e-4
    again = networks[0]((z, labels[::-1].copy())).numpy()
    np.testing.assert_allclose(again[::-1], images, atol=1e-6)


@NAMES
def test_the_loss_reaches_every_trained_weight(name):
    networks = tiny(name, classes=2)
    for network in networks:
        for layer in network.stack:
            if isinstance(layer, SelfAttention):
                layer.gamma.assign(0.5)  # at 0 nothing behind it learns
    with tf.GradientTape() as tape:
        _, logits = run(networks, example(classes=2), 2, training=True)
        loss = tf.reduce_sum(tf.square(logits - 3.0))
    variables = [v for network in networks for v in network.trainable_variables]
    gradients = tape.gradient(loss, variables)
    unmoved = [
        v.name for v, g in zip(variables, gradients) if g is None or not np.any(tf.convert_to_tensor(g))
    ]
    assert not unmoved


def test_a_margin_of_zeros_makes_an_odd_size_even():
    _, small = tiny("sngan", 50, 1)
    _, large = tiny("sngan", 56, 1)
    large.set_weights(small.get_weights())
    images = np.random.default_rng(0).uniform(-1, 1, (2, 50, 50, 1)).astype("float32")
    padded = np.pad(images, [(0, 0), (3, 3), (3, 3), (0, 0)])
    np.testing.assert_allclose(small(images), large(padded), rtol=1e-5)


def test_a_larger_drawing_is_cropped_in_the_middle():
    small, _ = tiny("sngan", 50, 1)
    large, _ = tiny("sngan", 56, 1)
    large.set_weights(small.get_weights())
    np.testing.assert_allclose(small(example()), large(example())[:, 3:53, 3:53], atol=1e-6)


def test_sngan_normalizes_the_discriminator_alone_and_sagan_both():
    for name, g_expected in (("sngan", False), ("sagan", True), ("biggan", True)):
        networks = tiny(name)
        found = [any(w.name.startswith("u") for w in n.non_trainable_weights) for n in networks]
        assert found == [g_expected, True], name


@pytest.mark.parametrize("network", [BigGANGenerator, BigGANDiscriminator])
def test_errors(network):
    with pytest.raises(
        ValueError, match=r"activation must be one of relu, leaky_relu. Received: activation='tanh'"
    ):
        network(28, 1, activation="tanh")
