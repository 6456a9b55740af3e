"""Transfer as a user meets it: from runs, exports and files, by the command's configuration."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfdogs
from tfdogs.data.ingest import prepare
from tfdogs.data.prepare_config import PrepareConfig
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.models import build, registry
from tfdogs.models.named_weights import named_weights
from tfdogs.serving import saved_model
from tfdogs.training import run
from tfdogs.training.callbacks import metrics_log
from tfdogs.training.checkpoints import Checkpoints

SMALL = {"embedding_dim": 4, "mapping_layers": 2, "w_dim": 8, "blocks": 1, "group_width": 2}


def weights(network):
    return {name: weight.variable.numpy() for name, weight in named_weights(network).items()}


def assert_equal(first, second):
    first, second = weights(first), weights(second)
    assert first.keys() == second.keys()
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name], err_msg=name)


def restored(config):
    gan = run.build(config, run.load_card(Path(config.model_dir)))
    Checkpoints(Path(config.model_dir, "checkpoints"), gan).restore()
    return gan


def first_checkpoint(config):
    """Returns a run's GAN as it was when training began."""
    gan = run.build(config, run.load_card(Path(config.model_dir)))
    checkpoints = Checkpoints(Path(config.model_dir, "checkpoints"), gan)
    for path in checkpoints.paths()[1:]:
        shutil.rmtree(path)
    assert checkpoints.restore().name == "kimg000000.000"
    return gan


@pytest.fixture
def source(make_config, tmp_path):
    """Returns the configuration of a run that has been trained."""
    config = make_config(model_dir=str(tmp_path / "source"), conditional=True, seed=7)
    run.train(config)
    return config


def test_a_run_starts_from_another_one_and_resumes_without_it(make_config, tmp_path, source, capsys):
    flags = {"conditional": True, "init_from": source.model_dir, "freeze_d": 1, "keep_checkpoints": 99}
    trained = restored(source)
    whole = make_config(**flags, model_dir=str(tmp_path / "whole"), total_kimg=0.032)
    run.train(whole)
    out = capsys.readouterr().out
    assert f"init: generator: 14 of 14 weights from {source.model_dir} (at 0.016 kimg)" in out
    assert re.search(
        r"init: average: 14 of 14 .*\ninit: discriminator: .*\ninit: classes: \d+ known there\n", out
    )
    halves = make_config(**flags, model_dir=str(tmp_path / "halves"))
    run.train(halves)
    shutil.rmtree(source.model_dir)
    capsys.readouterr()
    run.train(make_config(**flags, model_dir=str(tmp_path / "halves"), total_kimg=0.032))
    assert "init:" not in capsys.readouterr().out
    first, second = restored(whole), restored(halves)
    for network in ("generator", "ema_generator", "discriminator"):
        assert_equal(getattr(first, network), getattr(second, network))
    frozen = {n for n in weights(first.discriminator) if n.startswith("from_image")}
    for name, value in weights(trained.discriminator).items():
        assert np.array_equal(value, weights(first.discriminator)[name]) == (name in frozen)
    lines = metrics_log.read(tmp_path / "whole/metrics.jsonl")
    assert [line["kimg"] for line in lines] == [0.008, 0.016, 0.024, 0.032]  # counted from its own start

    start = first_checkpoint(whole)
    for network in ("generator", "ema_generator", "discriminator"):
        assert_equal(getattr(trained, network), getattr(start, network))
    assert int(start.images_seen) == 0 and int(start.d_optimizer.iterations) == 0
    for changed in ({"init_from": ""}, {"init_from": "elsewhere"}):
        changed = {**flags, "freeze_d": 0, **changed}
        with pytest.raises(UsageError, match=r"begun with another configuration.*\n.*--init_from"):
            run.train(make_config(**changed, model_dir=str(tmp_path / "whole"), total_kimg=0.032))


def test_the_average_goes_on_from_the_average_it_started_with(make_config, tmp_path, source):
    config = make_config(conditional=True, init_from=source.model_dir, ema_kimg=1000.0, total_kimg=0.004)
    run.train(config)
    trained, now = restored(source), restored(config)
    shape = {name: value.shape for name, value in weights(now.ema_generator).items()}
    far, near = (
        sum(np.abs(weights(now.ema_generator)[name] - weights(other)[name]).sum() for name in shape)
        for other in (trained.generator, trained.ema_generator)
    )
    assert near < 0.01 * far


def test_a_dry_run_tells_what_would_be_taken_and_leaves_nothing(make_config, source, capsys):
    capsys.readouterr()
    run.train(make_config(init_from=source.model_dir, dry_run=True))
    out = capsys.readouterr().out
    assert "init: generator: " in out and "not used: projection" in out and "ETA:" in out
    assert not Path(make_config().model_dir).exists()


def test_decoders_beside_what_another_run_has_learned_and_froze(make_config, tmp_path, source, capsys):
    flags = {"conditional": True, "init_from": source.model_dir, "reconstruction": 1.0, "freeze_d": 1}
    whole = make_config(**flags, model_dir=str(tmp_path / "whole"), keep_checkpoints=9)
    capsys.readouterr()
    run.train(whole)
    assert "; fresh: decoder14to14, decoder7to14\n" in capsys.readouterr().out
    halves = make_config(**flags, model_dir=str(tmp_path / "halves"), total_kimg=0.008)
    run.train(halves)
    run.train(dataclasses.replace(halves, total_kimg=whole.total_kimg))
    end = restored(halves).discriminator
    assert_equal(restored(whole).discriminator, end)
    before, after = weights(first_checkpoint(whole).discriminator), weights(end)
    still = {name for name in before if np.array_equal(before[name], after[name])}
    assert still == {name for name in before if name.startswith("from_image")}
    again = make_config(init_from=whole.model_dir, conditional=True, dry_run=True)
    run.train(again)
    assert "; not used: decoder14to14, decoder7to14\n" in capsys.readouterr().out


def test_other_data(make_config, tmp_path, source):
    """A class of the same name is the same one, wherever it stands."""
    classes = run.load_card(source.model_dir).classes
    other = tmp_path / "other"
    shutil.copytree(source.data_dir, other)
    manifest = json.loads((other / "dataset.json").read_text())
    names = list(reversed(manifest["classes"]))
    names[0] = "a new breed"
    manifest["classes"] = names
    (other / "dataset.json").write_text(json.dumps(manifest))
    config = make_config(
        conditional=True, init_from=source.model_dir, data_dir=str(other), keep_checkpoints=9
    )
    run.train(config)
    table, before = (
        gan.generator.embedding.get_weights()[0] for gan in (first_checkpoint(config), restored(source))
    )
    for label, name in enumerate(run.load_card(config.model_dir).classes):
        assert (name in classes) == (label > 0)
        if name in classes:
            np.testing.assert_array_equal(table[label], before[classes.index(name)])
        else:
            assert not (table[label] == before).all(axis=1).any()


def test_what_does_not_fit_is_refused_before_anything_is_written(make_config, tmp_path, source):
    for changes, message in (
        ({"g_channels": 4}, r"the generator's base_channels must be the same: it is 2 there and 4 here"),
        ({"model": "mlp"}, r"the generator is a DCGANGenerator there and a MLPGenerator here"),
        ({"freeze_d": 3}, r"--freeze_d must be 0 to 2, .* dcgan at 28 px\. Received: --freeze_d=3"),
        ({"init_from": str(tmp_path)}, r"--init_from must be a run of tfdogs.train"),
    ):
        with pytest.raises(UsageError, match=message):
            run.train(make_config(**{"init_from": source.model_dir, **changes}))
        assert not Path(make_config().model_dir).exists()


def test_a_larger_image_and_what_would_be_frozen_there(make_config, tmp_path, source, capsys):
    data = str(tmp_path / "large")
    prepare(PrepareConfig(images="paper_dogs:24", image_size=56, output_dir=data, workers=1))
    flags = {"data_dir": data, "init_from": source.model_dir, "g_channels": 1, "d_channels": 1}
    with pytest.raises(UsageError, match=r"--freeze_d=1 would keep layers .* at random, .*: from_image"):
        run.train(make_config(**flags, freeze_d=1))
    run.train(make_config(**flags, total_kimg=0.004))
    assert re.search(
        r"init: generator: \d+ of \d+ .*fresh: layer5, layer6, to_image", capsys.readouterr().out
    )


def test_mirrored(make_config, tmp_path, source):
    config = make_config(
        conditional=True, init_from=source.model_dir, strategy="mirrored", keep_checkpoints=9
    )
    run.train(config)
    assert_equal(restored(source).generator, first_checkpoint(config).generator)


def make(name, *, size=28, classes=3, seed=1, width=2, **kwargs):
    keras.utils.set_random_seed(seed)
    options = {flag: SMALL[flag] for flag in SMALL if name in registry.OPTIONS.get(flag, ())}
    g, d = build(
        name,
        image_size=size,
        latent_dim=6,
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


def test_an_export(tmp_path):
    """Of every model: tests/models/test_contract.py."""
    there = make("dcgan")
    saved_model.export(there, tmp_path, classes=["a", "b", "c"])
    here = make("dcgan", seed=2)
    report = tfdogs.load_networks(here, tmp_path, classes=["a", "b", "c"])
    assert not any(part.fresh for part in report.networks)
    for network in (here.generator, here.ema_generator):
        assert_equal(network, there.ema_generator)
    assert_equal(here.discriminator, there.discriminator)
    assert "an export has the averaged generator alone" in str(report)
    report = tfdogs.load_networks(make("dcgan", seed=2), tmp_path / "1", classes=["c", "d", "a"])
    assert report.new_classes == ("d",)
    larger = make("dcgan", seed=2, size=56, width=1)  # its widths there are found by trying
    report = tfdogs.load_networks(larger, tmp_path, classes=["a", "b", "c"])
    assert {name.split("/")[0] for name in report.networks[0].fresh} == {"layer5", "layer6", "to_image"}


def test_an_export_of_another_architecture(tmp_path):
    saved_model.export(make("dcgan", classes=0), tmp_path / "dcgan")
    for other in (make("wgan_gp", classes=0), make("dcgan", classes=0, width=3), make("sngan", classes=0)):
        with pytest.raises(UsageError, match=r"dcgan/1: the \w+ there is another one: of its \d+ weights"):
            tfdogs.load_networks(other, tmp_path / "dcgan")
    (tmp_path / "foreign/1").mkdir(parents=True)
    tf.saved_model.save(tf.Module(), str(tmp_path / "foreign/1"))
    with pytest.raises(UsageError, match=r"is no export of tfdogs.export: it has no signature 'card'"):
        tfdogs.load_networks(make("mlp"), tmp_path / "foreign")


def test_an_export_without_names_of_its_classes(tmp_path):
    saved_model.export(make("mlp"), tmp_path)
    assert tfdogs.load_networks(make("mlp", seed=2), tmp_path, classes="abc").known_classes == 3
    assert tfdogs.load_networks(make("mlp", classes=2, seed=2), tmp_path).known_classes == 0
    digits = tfdogs.load_networks(make("mlp", classes=2, seed=2), tmp_path, classes=("2", "7"))
    assert digits.new_classes == ("7",)  # MNIST's classes are numbers


def test_a_keras_file(tmp_path):
    there = make("biggan")
    there.save(tmp_path / "dogs.keras")
    here = make("biggan", seed=2)
    report = tfdogs.load_networks(here, tmp_path / "dogs.keras")
    assert report.known_classes == 3 and report.source.endswith("dogs.keras")
    for network in ("generator", "ema_generator", "discriminator"):
        assert_equal(getattr(here, network), getattr(there, network))
    there.generator.save(tmp_path / "generator.keras")
    with pytest.raises(UsageError, match=r"must hold a tfdogs.GAN. Received: a BigGANGenerator"):
        tfdogs.load_networks(here, tmp_path / "generator.keras")
    whole = (tmp_path / "dogs.keras").read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    for damaged in (b"PK", whole[:-30], bytes(flipped)):
        (tmp_path / "broken.keras").write_bytes(damaged)
        with pytest.raises(TfdogsError, match=r"broken.keras cannot be read"):
            tfdogs.load_networks(here, tmp_path / "broken.keras")


def test_names_that_do_not_fit_the_classes():
    with pytest.raises(
        UsageError, match=r"classes must be one name a class, 3 of them. Received: \('a', 'b'\)"
    ):
        tfdogs.load_networks(make("mlp"), make("mlp"), classes="ab")


@pytest.mark.parametrize("part", ["generator", "average", "discriminator"])
def test_networks_that_have_diverged_are_no_beginning(part):
    there, here = make("mlp"), make("mlp", seed=2)
    before = weights(here.discriminator)
    network = there.ema_generator if part == "average" else getattr(there, part)
    network.weights[0].assign(np.full(network.weights[0].shape, np.nan))
    with pytest.raises(UsageError, match=f"its {part} has weights that are not finite numbers"):
        tfdogs.load_networks(here, there)
    for name, value in weights(here.discriminator).items():
        np.testing.assert_array_equal(value, before[name])
