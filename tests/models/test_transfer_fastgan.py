"""Transfer between networks with FastGAN's gates and decoders and without."""

import keras
import numpy as np
import pytest

import tfdogs
from tfdogs.errors import UsageError
from tfdogs.models import build
from tfdogs.models.named_weights import named_weights
from tfdogs.serving import saved_model

Z = np.random.default_rng(0).normal(size=(2, 6)).astype("float32")
MODELS = {"dcgan": {}, "r3gan": {"blocks": 1, "group_width": 0, "patch": 2}}


def make(name, *, size=64, gates=True, decoders=True, seed=1, width=2, freeze=0, **more):
    """Returns a GAN whose weights are not those that it was drawn with, and no two alike."""
    keras.utils.set_random_seed(seed)
    g, d = build(
        name,
        image_size=size,
        latent_dim=6,
        g_channels=width,
        d_channels=width,
        skip_excitation=gates,
        reconstruction=decoders,
        freeze_d=freeze,
        **{**MODELS[name], **more},
    )
    draw = np.random.default_rng(seed)
    for weight in (*g.weights, *d.weights):
        weight.assign_add(draw.uniform(0.01, 0.1, weight.shape))
    regularizers = [tfdogs.Reconstruction()] if decoders else []
    gan = tfdogs.GAN(generator=g, discriminator=d, regularizers=regularizers, ema=0.02)
    for weight in gan.ema_generator.weights:
        weight.assign_add(draw.uniform(0.01, 0.1, weight.shape))
    return gan


def values(gan):
    networks = {"generator": gan.generator, "average": gan.ema_generator, "discriminator": gan.discriminator}
    return {
        network: {name: weight.variable.numpy() for name, weight in named_weights(model).items()}
        for network, model in networks.items()
    }


def parts(names):
    return {name.split("/")[0] for name in names}


def moved(here, there):
    """Starts `here` from `there`, and checks that weights are what the report says."""
    before, source = values(here), values(there)
    report = tfdogs.load_networks(here, there)
    after = values(here)
    for part in report.networks:
        assert not part.partly and len(part.taken) + len(part.fresh) == part.total
        for found, names in ((source, part.taken), (before, part.fresh)):
            for name in names:
                np.testing.assert_array_equal(after[part.network][name], found[part.network][name])
    return report


@pytest.mark.parametrize("name", MODELS)
def test_all_is_taken_where_both_have_the_options(name):
    there, here = make(name), make(name, seed=2)
    report = moved(here, there)
    assert not any(part.fresh or part.unused for part in report.networks)
    images = there.generator(Z)
    np.testing.assert_array_equal(here.generator(Z), images)
    maps = [gan.discriminator.judge_and_encode(images)[1] for gan in (there, here)]
    for ours, theirs in zip(*(gan.discriminator.decoders for gan in (here, there))):
        x = np.ones((1, *ours.input_shape[1:]), np.float32)
        np.testing.assert_array_equal(ours(x), theirs(x))
    for ours, theirs in zip(*maps):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", MODELS)
def test_what_is_for_options_that_one_lacks_is_left_out_or_fresh(name):
    plain = make(name, gates=False, decoders=False, seed=2)
    report = moved(plain, make(name))
    added = [{"gate4to32"}, {"gate4to32"}, {"decoder16to32", "decoder8to32"}]
    assert [parts(part.unused) for part in report.networks] == added
    assert not any(part.fresh for part in report.networks)
    assert "; not used: gate4to32" in str(report) and "; not used: decoder16to32, decoder8to32" in str(report)

    report = moved(make(name, seed=3), plain)
    assert [parts(part.fresh) for part in report.networks] == added
    assert not any(part.unused for part in report.networks)
    assert "; fresh: gate4to32" in str(report) and "; fresh: decoder16to32, decoder8to32" in str(report)


def test_gates_of_the_same_maps_are_taken_at_another_size():
    """100 and 112 px are drawn from the same maps of 7 to 56 px, and one is cropped."""
    report = moved(make("dcgan", size=112, seed=2), make("dcgan", size=100))
    assert [parts(part.fresh) for part in report.networks[:2]] == [set(), set()]
    assert parts(report.networks[2].fresh) == {"decoder14to56"}
    assert parts(report.networks[2].unused) == {"decoder13to48"}


def test_r3gans_levels_at_another_size():
    """With patch, 112 px have the levels of 56 px."""
    there = make("r3gan", size=56, patch=1)
    report = moved(make("r3gan", size=112, patch=2, seed=2), there)
    assert parts(report.networks[0].fresh) == {"to_image"}
    assert parts(report.networks[2].fresh) == {"from_image", "decoder14to56", "decoder7to56"}
    assert parts(report.networks[2].unused) == {"decoder14to28", "decoder7to28"}


def test_gates_that_the_smaller_size_cannot_have_start_fresh():
    """At 32 px no map is 8 times as large as another."""
    there = make("dcgan", size=32, gates=False, width=4)
    report = moved(make("dcgan", seed=2), there)
    assert parts(report.networks[0].fresh) == {"layer7", "layer8", "gate4to32", "to_image"}
    assert parts(report.networks[2].fresh) == {
        *("from_image", "layer5", "layer6"),
        *("decoder16to32", "decoder8to32"),
    }
    back = moved(make("dcgan", size=32, gates=False, width=4, seed=3), make("dcgan"))
    assert "gate4to32" in parts(back.networks[0].unused)


@pytest.mark.parametrize("name", MODELS)
def test_fresh_decoders_are_no_layers_to_freeze(name):
    count = len(make(name).discriminator.stages())
    moved(make(name, freeze=count, seed=2), make(name, decoders=False))


def test_what_may_not_be_frozen_is_named_without_decoders():
    there = make("dcgan", size=32, gates=False, width=4)
    with pytest.raises(UsageError, match=r"--freeze_d=1 would keep layers .* there lacks: from_image$"):
        tfdogs.load_networks(make("dcgan", freeze=1, seed=2), there)


@pytest.mark.parametrize("gates", [True, False])
def test_an_export_with_gates_into_networks_without_and_back(tmp_path, gates):
    """Into such as it has: tests/models/test_contract.py."""
    there, here = make("dcgan", gates=gates), make("dcgan", gates=not gates, seed=2)
    saved_model.export(there, tmp_path)
    report = tfdogs.load_networks(here, tmp_path)
    gate = {"gate4to32"}
    assert parts(report.networks[0].unused) == (gate if gates else set())
    assert parts(report.networks[0].fresh) == (set() if gates else gate)
    assert parts(report.networks[2].fresh) == {"decoder16to32", "decoder8to32"}
    for network in ("average", "discriminator"):
        source = values(there)[network]
        for name, value in values(here)[network].items():
            if not name.startswith(("gate", "decoder")):
                np.testing.assert_array_equal(value, source[name])


def test_an_export_too_small_for_gates(tmp_path):
    saved_model.export(make("dcgan", size=32, gates=False, width=4), tmp_path)
    report = tfdogs.load_networks(make("dcgan", seed=2), tmp_path)
    assert parts(report.networks[0].fresh) == {"layer7", "layer8", "gate4to32", "to_image"}
