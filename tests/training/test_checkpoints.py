import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs import GAN, locks
from tfdogs.errors import TfdogsError
from tfdogs.losses.lecam import LeCam
from tfdogs.models import build
from tfdogs.training import disk
from tfdogs.training.callbacks.divergence import Diverged
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.ema import EMA


def make_gan(g_channels=1, **kwargs):
    generator, discriminator = build(
        "mlp", image_size=8, channels=1, latent_dim=3, g_channels=g_channels, d_channels=1
    )
    gan = GAN(generator=generator, discriminator=discriminator, **kwargs)
    gan.compile(g_optimizer=keras.optimizers.Adam(0.01), d_optimizer=keras.optimizers.Adam(0.01))
    return gan


@pytest.fixture(scope="module")
def trained():
    gan = make_gan()
    gan.fit(np.zeros((8, 8, 8, 1), np.uint8), batch_size=4, verbose=0)
    return gan


def test_restores_everything(trained, tmp_path):
    path = Checkpoints(tmp_path, trained).save()
    assert path.name == "kimg000000.008"
    fresh = make_gan()
    assert Checkpoints(tmp_path, fresh).restore() == path
    for ours, theirs in (
        (trained.generator.weights, fresh.generator.weights),
        (trained.discriminator.weights, fresh.discriminator.weights),
        (trained.ema_generator.weights, fresh.ema_generator.weights),
        ([trained.images_seen, trained.steps_done], [fresh.images_seen, fresh.steps_done]),
        (trained.g_optimizer.variables, fresh.g_optimizer.variables),
        (trained.d_optimizer.variables, fresh.d_optimizer.variables),
    ):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert any(np.any(slot.numpy()) for slot in fresh.g_optimizer.variables[1:])


def test_states_and_tracks_are_part_of_it(tmp_path):
    def make():
        return make_gan(regularizers=[LeCam()], tracks=[EMA(0.004, rampup=None), EMA(1.0, rampup=None)])

    gan, fresh = make(), make()
    for value, variable in enumerate(gan.states.values()):
        variable.assign(value + 1.0)
    for value, network in enumerate(gan.track_generators):
        network.set_weights([np.full_like(w, value + 1.0) for w in network.get_weights()])
    Checkpoints(tmp_path, gan).save()
    Checkpoints(tmp_path, fresh).restore()
    assert set(gan.states) == {"lecam_real", "lecam_fake", "lecam_share"}
    assert [variable.numpy() for variable in fresh.states.values()] == [1.0, 2.0, 3.0]
    for value, network in enumerate(fresh.track_generators):
        for weight in network.get_weights():
            np.testing.assert_array_equal(weight, value + 1.0)


def test_a_checkpoint_from_before_there_were_states_and_tracks(trained, tmp_path):
    before = Checkpoints(tmp_path, trained)
    before._checkpoint = tf.train.Checkpoint(
        **{name: getattr(trained, name) for name in ("generator", "discriminator", "ema_generator")},
        **{name: getattr(trained, name) for name in ("g_optimizer", "d_optimizer")},
        **{name: getattr(trained, name) for name in ("images_seen", "steps_done")},
    )
    path = before.save()
    assert Checkpoints(tmp_path, make_gan()).restore() == path


def test_nothing_to_restore(trained, tmp_path):
    assert Checkpoints(tmp_path / "none", trained).restore() is None


def test_keeps_the_newest(trained, tmp_path):
    checkpoints = Checkpoints(tmp_path, trained, keep=2)
    seen = int(trained.images_seen.numpy())
    try:
        for images in (1000, 999_000, 1_000_000, 20_000_000):
            trained.images_seen.assign(images)
            checkpoints.save()
    finally:
        trained.images_seen.assign(seen)
    assert [path.name for path in checkpoints.paths()] == ["kimg001000.000", "kimg020000.000"]


def test_saving_the_same_moment_twice_changes_nothing(trained, tmp_path):
    checkpoints = Checkpoints(tmp_path, trained)
    path = checkpoints.save()
    before = {file.name: file.stat().st_mtime_ns for file in path.iterdir()}
    assert checkpoints.save() == path
    assert {file.name: file.stat().st_mtime_ns for file in path.iterdir()} == before


@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing"])
def test_a_damaged_checkpoint_is_named(trained, tmp_path, damage):
    checkpoints = Checkpoints(tmp_path, trained)
    path = checkpoints.save()
    data = path / "state.data-00000-of-00001"
    content = data.read_bytes()
    if damage == "truncated":
        data.write_bytes(content[:-10])
    elif damage == "flipped":
        middle = len(content) // 2
        data.write_bytes(content[:middle] + bytes(b ^ 255 for b in content[middle:]))
    else:
        data.unlink()
    with pytest.raises(TfdogsError, match=r"kimg000000\.008 cannot be restored"):
        Checkpoints(tmp_path, make_gan()).restore()


def test_other_networks_are_refused(trained, tmp_path):
    Checkpoints(tmp_path, trained).save()
    with pytest.raises(TfdogsError, match="cannot be restored"):
        Checkpoints(tmp_path, make_gan(g_channels=2)).restore()


def test_an_unfinished_write_is_not_seen_and_cleared_away(trained, tmp_path):
    (tmp_path / ".writing-kimg000099.000").mkdir()
    (tmp_path / "kimg000098.000").mkdir()  # not ours: it has no state
    checkpoints = Checkpoints(tmp_path, trained)
    assert checkpoints.paths() == []
    checkpoints.save()
    assert not (tmp_path / ".writing-kimg000099.000").exists()


def test_what_a_living_process_writes_is_not_swept(trained, tmp_path):
    living, dead = tmp_path / ".writing-kimg000098.000", tmp_path / ".writing-kimg000099.000"
    for path in (living, dead):
        path.mkdir()
        (path / "state.index").write_text("half")
    with locks.held(tmp_path / ".writing-kimg000098.000.lock"):
        Checkpoints(tmp_path, trained).save()
        assert living.exists() and not dead.exists()
    Checkpoints(tmp_path, trained).sweep()
    assert [path.name for path in tmp_path.iterdir()] == ["kimg000000.008"]


def test_a_full_disk_leaves_no_half_of_a_checkpoint(trained, tmp_path, monkeypatch):
    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "flush", full)
    with pytest.raises(TfdogsError, match=r"^cannot write .*/kimg000000\.008: No space left on device$"):
        Checkpoints(tmp_path, trained).save()
    assert not list(tmp_path.iterdir())


def test_what_no_loss_tells_of_is_not_saved_either(tmp_path):
    """A second moment of Adam's that is infinite, say: its weight never moves again."""
    gan = make_gan(ema=EMA(1), regularizers=[LeCam(0.3)], tracks=[EMA(2)])
    gan.fit(np.zeros((4, 8, 8, 1), np.uint8), batch_size=4, verbose=0)
    slot = next(slot for slot in gan.g_optimizer.variables if slot.shape == gan.generator.weights[0].shape)
    for variable, told in (
        (slot, "the state of the generator's optimizer"),
        (gan.d_optimizer.variables[-1], "the state of the discriminator's optimizer"),
        (gan.ema_generator.weights[0], "an average of the generator's weights"),
        (gan.track_generators[0].weights[0], "an average of the generator's weights"),
        (next(iter(gan.states.values())), "lecam_"),
    ):
        before = variable.numpy()
        variable.assign(np.full(variable.shape, np.inf))
        with pytest.raises(Diverged, match=f"kimg 0.004: {told}.* is not finite"):
            Checkpoints(tmp_path, gan).save()
        variable.assign(before)
    assert Checkpoints(tmp_path, gan).save().name == "kimg000000.004"


def test_one_that_its_run_removes_while_it_is_read_gives_way_to_the_newest(trained, tmp_path, monkeypatch):
    checkpoints, gan = Checkpoints(tmp_path, trained), make_gan()
    first = checkpoints.save()
    read, removed = Checkpoints._read, []

    def read_while_it_is_trained(self, path):
        if not removed:
            removed.append(path)
            path.rename(tmp_path / "kimg000000.012")
        read(self, path)

    monkeypatch.setattr(Checkpoints, "_read", read_while_it_is_trained)
    assert Checkpoints(tmp_path, gan).restore() == tmp_path / "kimg000000.012"
    assert removed == [first] and int(gan.images_seen.numpy()) == 8
