"""The contracts that every model keeps."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.errors import UsageError
from tfdogs.models import NAMES, build, registry

SIZES = {"dcgan": (28, 32, 48, 50, 64, 100, 128), "mlp": (8, 28, 48, 64), "wgan_gp": (28, 50, 64, 128, 256)}
LARGE = ("biggan", "dcgan", "r3gan", "stylegan2")
LIMITS = {"mlp": (8, 64), "wgan_gp": (28, 512), **dict.fromkeys(LARGE, (28, 1024))}
CASES = [(name, size) for name in NAMES for size in SIZES.get(name, (28, 50, 64, 128))]
SMALL = {"embedding_dim": 4, "mapping_layers": 2, "w_dim": 4, "blocks": 1, "group_width": 2}

# Of dcgan's generator and discriminator at 28 px: older checkpoints know them by these names.
CHECKPOINTED = (
    [
        "body/layer_with_weights-0/kernel",
        *(
            f"body/layer_with_weights-1/{name}"
            for name in ("beta", "gamma", "moving_mean", "moving_variance")
        ),
        "body/layer_with_weights-2/kernel",
        *(
            f"body/layer_with_weights-3/{name}"
            for name in ("beta", "gamma", "moving_mean", "moving_variance")
        ),
        "body/layer_with_weights-4/kernel",
    ],
    [
        "body/layer_with_weights-0/kernel",
        "body/layer_with_weights-1/bias",
        "body/layer_with_weights-1/kernel",
        "head/bias",
        "head/kernel",
    ],
)


def tiny(name, **kwargs):
    small = {option: value for option, value in SMALL.items() if name in registry.OPTIONS[option]}
    sizes = {"image_size": 28, "latent_dim": 5, "g_channels": 2, "d_channels": 2}
    return build(name, **{**sizes, **small, **kwargs})


def example(networks, n=3, classes=0):
    z = np.random.default_rng(0).normal(size=(n, networks[0].latent_dim)).astype("float32")
    return (z, np.arange(n, dtype="int32") % classes) if classes else z


def run(networks, inputs, classes=0):
    images = networks[0](inputs)
    return images, networks[1]((images, inputs[1]) if classes else images)


def policies(network):
    return {layer.compute_dtype for layer in network.submodules if isinstance(layer, keras.layers.Layer)}


def project(critic, rows):
    """Sets the projection's embeddings to rows of one number each."""
    embeddings = critic.projection.trainable_weights[0]
    embeddings.assign(np.broadcast_to(rows, embeddings.shape))


def check(networks, size, channels, classes=0):
    inputs = example(networks, classes=classes)
    images, logits = run(networks, inputs, classes)
    assert images.shape == (3, size, size, channels) and images.dtype == tf.float32
    assert np.abs(images).max() <= 1 and np.std(images) > 0
    assert logits.shape == (3, 1) and logits.dtype == tf.float32
    assert np.isfinite(logits).all()
    shapes = [(3, 5), (3,)] if classes else (3, 5)
    assert networks[0].compute_output_shape(shapes) == images.shape
    shapes = [tuple(images.shape), (3,)] if classes else tuple(images.shape)
    assert networks[1].compute_output_shape(shapes) == logits.shape


@pytest.mark.parametrize(("name", "size"), CASES)
def test_every_size(name, size):
    channels = 1 if size in (28, 50) else 3
    networks = tiny(name, image_size=size, channels=channels)
    assert all(network.built for network in networks)  # weights are there before the first call
    check(networks, size, channels)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_images_and_logits_are_float32_in_mixed_precision(name, dtype):
    networks = tiny(name, dtype=dtype, num_classes=2)
    check(networks, 28, 3, classes=2)
    half = dtype.removeprefix("mixed_")
    for network in networks:
        assert half in policies(network)
        assert {w.dtype.name for w in network.weights} == {"float32"}
        assert network.get_config()["dtype"] == dtype


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_may_also_be_the_global_one(name):
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        networks = tiny(name, num_classes=2)
        check(networks, 28, 3, classes=2)
        assert "bfloat16" in policies(networks[0])
    finally:
        keras.mixed_precision.set_global_policy("float32")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("classes", [0, 4])
def test_save_and_load(name, classes, tmp_path):
    networks = tiny(name, channels=1, num_classes=classes)
    inputs = example(networks, classes=classes)
    if classes:  # it starts at zero
        project(networks[1], np.ones((classes, 1)))
    expected = run(networks, inputs, classes)
    for i, network in enumerate(networks):
        network.save(tmp_path / f"{i}.keras")
    loaded = [keras.saving.load_model(tmp_path / f"{i}.keras") for i in range(2)]
    for a, b in zip(expected, run(loaded, inputs, classes)):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", NAMES)
def test_config_round_trip(name):
    for network in tiny(name, num_classes=3, dtype="mixed_bfloat16", image_size=32):
        twin = type(network).from_config(network.get_config())
        twin.build()
        assert twin.get_config() == network.get_config()
        assert [w.shape for w in twin.weights] == [w.shape for w in network.weights]


@pytest.mark.parametrize("name", NAMES)
def test_labels_matter(name):
    generator, critic = tiny(name, num_classes=3)
    z = np.repeat(example((generator, critic), n=1), 2, axis=0)
    images = generator((z, np.array([0, 2], "int32"))).numpy()
    assert np.abs(images[0] - images[1]).max() > 0
    # With a projection of zeros no class has an advantage, until it has learned.
    labels = np.array([0, 2], "int32")
    same = np.repeat(images[:1], 2, axis=0)
    project(critic, np.zeros((3, 1)))
    start = critic((same, labels)).numpy()
    np.testing.assert_array_equal(start[0], start[1])
    project(critic, np.arange(3)[:, None])
    learned = critic((same, labels)).numpy()
    assert learned[0] == start[0] and learned[1] != start[1]


@pytest.mark.parametrize("name", NAMES)
def test_image_size_out_of_range(name):
    smallest, largest = LIMITS.get(name, (28, 128))
    for size in (0, -64, smallest - 1, largest + 1):
        with pytest.raises(UsageError, match=f"images of {smallest} to {largest} pixels.*image_size={size}"):
            build(name, image_size=size)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [0, 2, 4])
def test_channels_out_of_range(name, channels):
    with pytest.raises(UsageError, match=f"1 or 3 channels. Received: channels={channels}"):
        build(name, image_size=32, channels=channels)


def test_unknown_name():
    legal = "biggan, dcgan, mlp, r3gan, sagan, sngan, stylegan2, wgan_gp"
    with pytest.raises(UsageError, match=f"must be one of {legal}. Received: --model=vae"):
        build("vae", image_size=64)


def test_an_option_of_another_model():
    with pytest.raises(UsageError, match=r"mlp's options are: none. Received: blocks=2"):
        tiny("mlp", blocks=2)
    with pytest.raises(
        UsageError, match=r"dcgan's options are: .*, d_norm, rec.*. Received: style_mixing=0.5"
    ):
        tiny("dcgan", style_mixing=0.5)


@pytest.mark.parametrize("name", ["dcgan", "r3gan"])
def test_a_config_from_before_some_options(name):
    for network in tiny(name):
        config = network.get_config()
        later = ("skip_excitation", "self_modulation", "reconstruction")
        assert not {config.pop(option, False) for option in later} - {False}
        twin = type(network).from_config(config)
        twin.build()
        assert [w.shape for w in twin.weights] == [w.shape for w in network.weights]


def test_without_options_checkpoints_keep_the_names_of_their_weights(tmp_path):
    for network, expected in zip(tiny("dcgan", d_norm="none"), CHECKPOINTED):
        path = tf.train.Checkpoint(network).write(str(tmp_path / network.name))
        names = [name for name, _ in tf.train.list_variables(path) if "OBJECT_GRAPH" not in name]
        assert [name.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE") for name in names] == expected


def test_widths_and_norm_reach_the_networks():
    generator, discriminator = tiny("dcgan", g_channels=3, d_channels=4, d_norm="none")
    assert generator.base_channels == 3
    assert discriminator.base_channels == 4 and discriminator.norm == "none"
    generator, discriminator = tiny("mlp", g_channels=3, d_channels=4)
    assert (generator.hidden, discriminator.hidden) == (24, 32)
