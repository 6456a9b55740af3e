import shutil
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.training.ema import update_average
from tfdogs.training.power_ema import PowerEMA
from tfdogs.training.snapshots import Snapshots


def network(units=3):
    model = keras.Sequential(
        [keras.Input((2,)), layers.Dense(units, kernel_initializer="ones"), layers.BatchNormalization()]
    )
    counter = model.layers[0].add_weight(name="count", shape=(), dtype="int64", trainable=False)
    counter.assign(0)
    return model


def gan(lengths=(0.05, 0.1), units=3):
    """The part of a GAN that tracks averages."""
    return types.SimpleNamespace(
        tracks=[PowerEMA(length) for length in lengths],
        track_generators=[network(units) for _ in lengths],
        images_seen=tf.Variable(0, dtype=tf.int64),
    )


def run(directory, *, others=(), steps=96, every=4, batch=50):
    """Tracks a random walk with snapshots; returns the last weights and averages of the lengths `others`."""
    model, current, directly = gan(), network(), [(PowerEMA(length), network()) for length in others]
    snapshots, rng = Snapshots(directory), np.random.default_rng(0)

    @tf.function
    def average_all():
        for rule, average in [*zip(model.tracks, model.track_generators), *directly]:
            update_average(average, current, rule.decay(batch, model.images_seen))
        model.images_seen.assign_add(batch)

    for step in range(steps):
        for weight in current.weights:
            if weight.dtype.is_floating:
                kick = rng.normal(size=weight.shape)
                weight.assign_add(np.exp(0.1 * kick) if "variance" in weight.name else kick)
            else:
                weight.assign(step)
        average_all()
        if (step + 1) % every == 0:
            snapshots.save(model)
    return current, [average for _, average in directly]


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """(folder, last weights, averages of length 0.03 and 0.15 that were tracked directly) of a run."""
    path = tmp_path_factory.mktemp("run")
    return path, *run(path, others=(0.03, 0.15))


@pytest.mark.parametrize("place, length", [(0, 0.03), (1, 0.15)])
def test_reconstructs_an_average_that_was_not_tracked(walked, place, length):
    path, current, directly = walked
    generator = network()
    kimg, residual = Snapshots(path).reconstruct(generator, length)
    assert kimg == 4.8 and residual < 0.03
    for got, wanted, last in zip(generator.weights, directly[place].weights, current.weights):
        if got.dtype.is_floating:
            error = np.linalg.norm(got - wanted) / np.linalg.norm(last - wanted)
            assert error < 0.05, got.name
        else:
            assert int(got) == int(last) == 95


def test_a_moment_before_the_newest(walked, tmp_path):
    early, first, second = Snapshots(tmp_path), network(), network()
    early.directory.mkdir()
    for path in Snapshots(walked[0]).paths()[:12]:
        shutil.copy(path, early.directory)
    assert Snapshots(walked[0]).reconstruct(first, 0.07, kimg=2.4)[0] == 2.4
    early.reconstruct(second, 0.07)
    for a, b in zip(first.weights, second.weights):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(UsageError, match=r"has snapshots at kimg 0\.2, 0\.4.*Received: kimg=2\.5"):
        Snapshots(walked[0]).reconstruct(first, 0.07, kimg=2.5)


def test_files_are_small_whole_and_alone(walked):
    paths = Snapshots(walked[0]).paths()
    assert [path.name for path in paths[:2]] == ["kimg000000.200.npz", "kimg000000.400.npz"]
    assert len(paths) == 24 == len(list((walked[0] / "ema").iterdir()))
    with np.load(paths[-1]) as file:
        assert {file[name].dtype for name in file.files if name.startswith("weight")} == {
            np.dtype("float16"),
            np.dtype("int64"),
        }
        np.testing.assert_array_equal(file["sigma_rels"], [0.05, 0.1])


@pytest.mark.parametrize("value", [1e6, 1e-9])
def test_what_float16_cannot_hold_stays_float32(tmp_path, value):
    model = gan((0.05,))
    model.images_seen.assign(1000)
    (network_,) = model.track_generators
    network_.layers[0].bias.assign([value, -value, 0.0])
    Snapshots(tmp_path).save(model)
    generator = network()
    Snapshots(tmp_path).reconstruct(generator, 0.05)
    np.testing.assert_allclose(generator.layers[0].bias, [value, -value, 0.0], rtol=1e-6)


def test_a_variance_never_becomes_negative(tmp_path):
    model = gan((0.05, 0.1))
    for kimg, values in ((1, (1.0, 1.0)), (2, (0.0, 1.0))):  # 0.05 forgets faster than 0.1
        model.images_seen.assign(1000 * kimg)
        for average, value in zip(model.track_generators, values):
            average.layers[1].moving_variance.assign([value] * 3)
            average.layers[1].beta.assign([value - 1.0] * 3)
        Snapshots(tmp_path).save(model)
    generator = network()
    Snapshots(tmp_path).reconstruct(generator, 0.04)  # beyond 0.05, away from 0.1
    np.testing.assert_array_equal(generator.layers[1].moving_variance, 0.0)
    assert (generator.layers[1].beta.numpy() < -1.0).all()


def test_too_few_snapshots_for_the_length(tmp_path):
    run(tmp_path, steps=8, every=4)
    with pytest.raises(UsageError, match=r"the 2 snapshots .* length 0\.02 than 35 %; .* 0\.05 or 0\.1"):
        Snapshots(tmp_path).reconstruct(network(), 0.02)


def test_without_snapshots(tmp_path):
    with pytest.raises(UsageError, match=r"no snapshots of averages.*--ema_snapshot_kimg"):
        Snapshots(tmp_path).reconstruct(network(), 0.1)


@pytest.mark.parametrize("damage", ["cut", "flipped", "other shape", "fewer weights"])
def test_a_damaged_or_foreign_file_is_named(tmp_path, damage):
    run(tmp_path, steps=4, every=4)
    (path,) = Snapshots(tmp_path).paths()
    content = path.read_bytes()
    generator = network(4) if damage == "other shape" else network()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        with np.load(path) as file:
            bits = file["weight00000"].tobytes()
        path.write_bytes(content.replace(bits, bytes(b ^ 255 for b in bits)))
    elif damage == "fewer weights":
        generator = keras.Sequential([keras.Input((2,)), layers.Dense(3)])
    with pytest.raises(TfdogsError, match=r"kimg000000\.200\.npz is"):
        Snapshots(tmp_path).reconstruct(generator, 0.05)


def test_a_gan_that_tracks_nothing_of_the_kind(tmp_path):
    with pytest.raises(ValueError, match="must track PowerEMAs"):
        Snapshots(tmp_path).save(gan(()))
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    model = gan((0.1,))
    model.images_seen.assign(1000)
    path = Snapshots(tmp_path).save(model)
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(TfdogsError, match="No space left"):
        Snapshots(tmp_path).save(model)
    assert path.read_bytes() == before and list((tmp_path / "ema").iterdir()) == [path]
