"""What holds for every model: trained weights find their place with other classes and at another size."""

import unicodedata

import keras
import numpy as np
import pytest

import tfdogs
from tfdogs.errors import UsageError
from tfdogs.models import NAMES, build, registry
from tfdogs.models.named_weights import named_weights
from tfdogs.models.transfer import Classes

SMALL = {
    "embedding_dim": 4,
    "mapping_layers": 2,
    "w_dim": 8,
    "blocks": 1,
    "group_width": 2,
    "auxiliary": True,
}
# Sizes that a model can be moved between, and the width there in proportion to that here.
GROWS = {
    "dcgan": (32, 64, 2),
    "wgan_gp": (32, 64, 2),
    "mlp": (32, 64, 1),
    "r3gan": (28, 56, 2),
    "stylegan2": (28, 56, 2),
    "sngan": (28, 56, 1),
    "sagan": (28, 56, 1),
    "biggan": (28, 56, 1),
}


def make(name, *, size=28, classes=0, seed=1, width=2, latent_dim=6, **kwargs):
    """Returns a GAN whose weights are not those that it was drawn with, and no two alike."""
    keras.utils.set_random_seed(seed)
    options = {flag: SMALL[flag] for flag in SMALL if name in registry.OPTIONS.get(flag, ())}
    if not classes:
        options.pop("auxiliary", None)
    g, d = build(
        name,
        image_size=size,
        latent_dim=latent_dim,
        num_classes=classes,
        g_channels=width,
        d_channels=width,
        **options,
    )
    draw = np.random.default_rng(seed)
    for weight in (*g.weights, *d.weights):
        weight.assign_add(draw.uniform(0.01, 0.1, weight.shape))
    gan = tfdogs.GAN(generator=g, discriminator=d, ema=0.02, **kwargs)
    for weight in gan.ema_generator.weights:
        weight.assign_add(draw.uniform(0.01, 0.1, weight.shape))
    return gan


def networks(gan):
    return {"generator": gan.generator, "average": gan.ema_generator, "discriminator": gan.discriminator}


def values(gan):
    return {
        network: {name: weight.variable.numpy() for name, weight in named_weights(model).items()}
        for network, model in networks(gan).items()
    }


def z(count=2):
    return np.random.default_rng(0).normal(size=(count, 6)).astype("float32")


def judge(gan, images, labels):
    return gan.discriminator((images, np.array(labels, np.int32)), training=False).numpy()


@pytest.mark.parametrize("name", NAMES)
def test_classes_are_found_by_their_names(name):
    there = make(name, classes=3)
    here = make(name, classes=4, seed=2)
    before = values(here)
    report = tfdogs.load_networks(
        here, there, classes=["pug", "cat", "beagle", "husky"], source_classes=["beagle", "borzoi", "pug"]
    )
    assert report.new_classes == ("cat", "husky") and report.known_classes == 2
    labels_there, labels_here = np.array([2, 0], np.int32), np.array([0, 2], np.int32)
    for network in ("generator", "ema_generator"):
        dogs = [
            getattr(gan, network)((z(), labels), training=False).numpy()
            for gan, labels in ((there, labels_there), (here, labels_here))
        ]
        # A spectral norm of other rows is another one.
        exact = name not in ("biggan", "sagan")
        np.testing.assert_allclose(*dogs, rtol=1e-5, atol=1e-5 if exact else 0.05)
    if name not in ("biggan", "sagan", "sngan"):
        images = there.generator((z(), labels_there), training=False).numpy()
        np.testing.assert_allclose(
            judge(there, images, [2, 0]), judge(here, images, [0, 2]), rtol=1e-4, atol=1e-5
        )
    after = values(here)
    for part in report.networks:
        assert len(part.taken) + len(part.partly) + len(part.fresh) == part.total
        assert part.partly and not part.unused
        for weight in part.fresh:
            np.testing.assert_array_equal(after[part.network][weight], before[part.network][weight])
        for weight in part.partly:  # the new classes' rows are as they were drawn
            axis = 1 if weight == "classifier/kernel" else 0
            old, new = (np.moveaxis(v[part.network][weight], axis, 0) for v in (before, after))
            np.testing.assert_array_equal(new[[1, 3]], old[[1, 3]])
            assert (new[[0, 2]] != old[[0, 2]]).all()


@pytest.mark.parametrize("name", NAMES)
def test_it_grows(name):
    small, large, proportion = GROWS[name]
    latent_dim = {"latent_dim": 8} if name == "biggan" else {}  # as long a part for each block
    there = make(name, size=small, width=2 * proportion)
    here = make(name, size=large, seed=2, **latent_dim)
    before, source = values(here), values(there)
    report = tfdogs.load_networks(here, there)
    after = values(here)
    for part in report.networks:
        assert not part.partly
        for weight in part.taken:
            np.testing.assert_array_equal(after[part.network][weight], source[part.network][weight])
        for weight in part.fresh:
            np.testing.assert_array_equal(after[part.network][weight], before[part.network][weight])
    fresh = {name.split("/")[0] for name in report.networks[0].fresh}
    assert (
        fresh
        == {
            "dcgan": {"layer7", "layer8", "to_image"},
            "wgan_gp": {"layer7", "layer8", "to_image"},
            "mlp": {"to_image"},
            "r3gan": {"layer7", "layer8", "to_image"},
            "stylegan2": {"conv6", "conv7", "to_rgb4"},
            "sngan": {"block3"},
            "sagan": {"block3", "attention2"},
            "biggan": {"block3", "attention2"},
        }[name]
    )
    if name in ("dcgan", "wgan_gp"):
        shared = [
            keras.Model(gan.generator.body.inputs, gan.generator.body.layers[8].output)
            for gan in (there, here)
        ]
        np.testing.assert_array_equal(shared[0](z()), shared[1](z()))


@pytest.mark.parametrize("name", NAMES)
def test_with_and_without_classes(name):
    there, here = make(name, classes=3), make(name, seed=2)
    report = tfdogs.load_networks(here, there)
    assert not any(part.fresh for part in report.networks if name not in ("sngan", "sagan"))
    assert not report.new_classes
    back = make(name, classes=3, seed=3)
    report = tfdogs.load_networks(back, here)
    assert report.new_classes == ("0", "1", "2")
    first, second = values(here), values(back)
    for part in report.networks:
        assert len(part.taken) > len(part.fresh)
        for weight in part.taken:
            np.testing.assert_array_equal(second[part.network][weight], first[part.network][weight])
        for weight in part.partly:  # rows of the latent
            rows = [label[0] == "latent" for label in named_weights(back.generator)[weight].labels]
            np.testing.assert_array_equal(
                second[part.network][weight][rows], first[part.network][weight], err_msg=weight
            )


@pytest.mark.parametrize("name", ["dcgan", "mlp"])
def test_another_width_is_refused_and_nothing_changed(name):
    here = make(name, seed=2)
    before = values(here)
    option = "hidden must be the same: it is 32 there and 16" if name == "mlp" else "base_channels must be"
    with pytest.raises(
        UsageError, match=rf"^cannot start from the GAN 'gan': the generator's {option}.*g_chan"
    ):
        tfdogs.load_networks(here, make(name, width=4))
    with pytest.raises(UsageError, match=r"latent_dim must be the same: it is 4 there and 6 here"):
        tfdogs.load_networks(here, make(name, latent_dim=4))
    for network, weights in values(here).items():
        for weight, value in weights.items():
            np.testing.assert_array_equal(value, before[network][weight])


@pytest.mark.parametrize("name", ["dcgan", "sngan", "stylegan2"])
def test_a_size_that_leaves_no_level_alike_is_refused(name):
    """48 px begin from 6 x 6 pixels, 28 from 7 x 7."""
    with pytest.raises(UsageError, match=r"the generator there is another one: .* equal channels"):
        tfdogs.load_networks(make(name, size=48), make(name))


def test_other_networks_latents_and_channels_are_refused():
    with pytest.raises(UsageError, match=r"the generator is a MLPGenerator there and a DCGANGenerator here"):
        tfdogs.load_networks(make("dcgan"), make("mlp"))
    with pytest.raises(UsageError, match=r"its latents are uniform, and these normal \(--latent\)"):
        tfdogs.load_networks(make("mlp"), make("mlp", latent="uniform"))
    g, d = build("mlp", image_size=28, channels=1, latent_dim=6, g_channels=2, d_channels=2)
    with pytest.raises(UsageError, match=r"its images have 1 channels, and these 3"):
        tfdogs.load_networks(make("mlp"), tfdogs.GAN(generator=g, discriminator=d))
    plain = build("dcgan", image_size=28, latent_dim=6, g_channels=2, d_channels=2, d_norm="none")
    with pytest.raises(UsageError, match=r"the discriminator's norm must be the same: .*\(--d_norm\)"):
        tfdogs.load_networks(make("dcgan"), tfdogs.GAN(generator=plain[0], discriminator=plain[1]))


def test_without_names_classes_are_matched_by_number_where_there_are_as_many():
    there = make("mlp", classes=3)
    here = make("mlp", classes=3, seed=2)
    assert tfdogs.load_networks(here, there, classes=["a", "b", "c"]).known_classes == 3
    assert (
        here.generator.embedding.get_weights()[0].tolist()
        == there.generator.embedding.get_weights()[0].tolist()
    )
    here = make("mlp", classes=4, seed=2)
    table = here.generator.embedding.get_weights()[0]
    assert tfdogs.load_networks(here, there).new_classes == ("0", "1", "2", "3")
    np.testing.assert_array_equal(here.generator.embedding.get_weights()[0], table)


def foreign(classes=2, units=8, seed=0):
    keras.utils.set_random_seed(seed)
    latent, label = keras.Input((4,)), keras.Input((), dtype="int32")
    joined = keras.layers.concatenate([latent, keras.layers.Embedding(classes, 3)(label)])
    pixels = keras.layers.Dense(48, activation="tanh")(keras.layers.Dense(units)(joined))
    generator = keras.Model([latent, label], keras.layers.Reshape((4, 4, 3))(pixels))
    image = keras.Input((4, 4, 3))
    features = keras.layers.concatenate(
        [keras.layers.Flatten()(image), keras.layers.Embedding(classes, 3)(label)]
    )
    discriminator = keras.Model([image, label], keras.layers.Dense(1)(features))
    return tfdogs.GAN(
        generator=generator, discriminator=discriminator, num_classes=classes, latent_dim=4, ema=0.02
    )


def test_strangers_networks():
    there, here = foreign(), foreign(classes=3, seed=1)
    report = tfdogs.load_networks(here, there, classes="abc", source_classes="ca")
    assert report.new_classes == ("b",)
    table, source = (
        next(x for x in gan.generator.layers if isinstance(x, keras.layers.Embedding)).get_weights()[0]
        for gan in (here, there)
    )
    np.testing.assert_array_equal(table[[0, 2]], source[[1, 0]])
    with pytest.raises(UsageError, match=r"the generator there is another one: .* shape \[7, 9\] there"):
        tfdogs.load_networks(foreign(), foreign(units=9))


def test_the_report_is_read_as_lines():
    there, here = make("sngan", classes=2), make("sngan", classes=3, seed=2)
    report = tfdogs.load_networks(here, there, classes="abc", source_classes="ba")
    lines = str(report).splitlines()
    assert lines[0].startswith("init: generator: ") and "(at 0 kimg)" in lines[0]
    assert "; in part: scale/kernel, shift/kernel of block1, block2" in lines[0]
    assert lines[2].startswith("init: discriminator: ") and "in part: embeddings of projection" in lines[2]
    assert lines[3] == "init: classes: 2 known there, 1 start fresh: c"


def test_classes_are_the_same_whatever_their_unicode_form():
    composed, taken_apart = (unicodedata.normalize(form, "épagneul") for form in ("NFC", "NFD"))
    classes = Classes((taken_apart, "pug"), ("pug", composed, "akita"), 2, 3)
    assert classes.label(("class", 0), "source") == classes.label(("class", 1), "target")
    assert classes.new == ["akita"]
