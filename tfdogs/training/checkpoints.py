"""Full-state checkpoints that a kill at any moment cannot spoil."""

import json
import shutil
from pathlib import Path

import tensorflow as tf

from tfdogs import locks
from tfdogs.aside import LOCK, scratch
from tfdogs.errors import TfdogsError, reason
from tfdogs.training import disk
from tfdogs.training.callbacks.divergence import Diverged
from tfdogs.training.workers import LOST

_STATE = "state.json"
_HIDDEN = ".writing-"


class Checkpoints:
    """Saves and restores everything that a run needs to go on bit for bit.

    A checkpoint is a folder `kimg000123.456` with weights of G, D and the averages, both optimizers' slots,
    the counters, and the states of regularizers and augmentation. It is written under a hidden name, flushed
    to disk and renamed: it is whole or absent.
    Noise and data order follow from (seed, images seen), so there is nothing else to save.

    Args:
        directory: where the checkpoints lie; created when needed.
        gan: a compiled `tfdogs.GAN`.
        keep: number of checkpoints kept, the newest.
        workers: `tfdogs.training.workers.Workers`, where several processes train the GAN: all of them save
            and restore together, and the chief alone leaves files. Default None.
    """

    def __init__(self, directory, gan, *, keep=2, workers=None):
        self.directory = Path(directory)
        self._gan = gan
        self._keep = keep
        self._workers = workers if workers is not None and workers.several else None
        parts = {
            "generator": gan.generator,
            "discriminator": gan.discriminator,
            "ema_generator": gan.ema_generator,
            "g_optimizer": gan.g_optimizer,
            "d_optimizer": gan.d_optimizer,
            "images_seen": gan.images_seen,
            "steps_done": gan.steps_done,
            "track_generators": list(gan.track_generators),
            "states": dict(gan.states),
        }
        self._checkpoint = tf.train.Checkpoint(**{k: v for k, v in parts.items() if v is not None})

    @staticmethod
    def found(directory):
        """Returns the folders of the checkpoints in a directory, oldest first."""
        return sorted(path for path in Path(directory).glob("kimg*") if (path / _STATE).is_file())

    def paths(self):
        """Returns the checkpoints' folders, oldest first."""
        return self.found(self.directory)

    def save(self):
        """Writes a checkpoint of now and returns its folder; older ones beyond `keep` are removed.

        Raises:
            Diverged: a weight, an average, an optimizer's slot or another state is not finite.
            TfdogsError: the disk failed. The checkpoints there are untouched.
        """
        self._check_finite()
        images_seen = int(self._gan.images_seen.numpy())
        final = self.directory / f"kimg{images_seen / 1000:010.3f}"
        there = (final / _STATE).is_file()
        if self._workers:  # what all do is the chief's to say: another one may not see the folder yet
            (there,) = self._workers.any(there and self._workers.chief)
        if there:
            return final
        if self._workers and not self._workers.chief:
            with scratch("tfdogs_worker") as path:
                self._write(path)  # for what it reads: variables that only all together can
            return final
        hidden = self.directory / f"{_HIDDEN}{final.name}"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self.sweep()
            with locks.held(_lock_of(hidden), what=final):
                try:
                    self._write_whole(hidden, images_seen)
                    hidden.rename(final)
                finally:
                    shutil.rmtree(hidden, ignore_errors=True)  # what it holds of a full disk is free again
                disk.flush(self.directory)
                for old in self.paths()[: -self._keep]:
                    old.rename(hidden)  # hidden first: never seen half removed
                    shutil.rmtree(hidden)
        except OSError as e:
            raise TfdogsError(f"cannot write {final}: {reason(e)}") from e
        return final

    def sweep(self):
        """Removes what killed processes left half written; what living ones write stays."""
        for path in list(self.directory.glob(f"{_HIDDEN}*")):
            lock = path if path.suffix == LOCK else _lock_of(path)
            with locks.tried(lock) as dead:
                if dead and path != lock:
                    shutil.rmtree(path, ignore_errors=True)

    def _write_whole(self, folder, images_seen):
        folder.mkdir()
        self._write(folder)
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        state = {"images_seen": images_seen, "steps_done": int(self._gan.steps_done.numpy()), "files": files}
        (folder / _STATE).write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
        for path in [*folder.iterdir(), folder]:
            disk.flush(path)

    def _write(self, folder):
        try:
            self._checkpoint.write(str(folder / "state"))
        except tf.errors.OpError as e:
            if self._workers and isinstance(e, LOST):
                raise
            raise OSError(reason(e)) from e

    def _check_finite(self):
        for name, variables in self._floating():
            for variable in variables:
                if variable.dtype.is_floating and not bool(tf.reduce_all(tf.math.is_finite(variable))):
                    kimg = int(self._gan.images_seen.numpy()) / 1000
                    raise Diverged(kimg, f"{name} is not finite")

    def _floating(self):
        """Yields (name, variables) of all that is saved.

        Where Adam's second moment is infinite the weight never moves again, and no loss tells.
        """
        gan = self._gan
        for network in (gan.generator, gan.discriminator):
            yield network.name, network.weights
        for network in filter(None, (gan.ema_generator, *gan.track_generators)):
            yield "an average of the generator's weights", network.weights
        yield "the state of the generator's optimizer", gan.g_optimizer.variables
        yield "the state of the discriminator's optimizer", gan.d_optimizer.variables
        for name, state in gan.states.items():
            yield name, [state]

    def restore(self):
        """Restores the newest checkpoint into the GAN.

        A run that is trained meanwhile may remove it while it is read: the newest then takes its place.

        Returns:
            Its folder, or None where there is none.

        Raises:
            TfdogsError: the newest checkpoint is damaged or belongs to other networks; names the folder.
        """
        while paths := self.paths():
            path = paths[-1]
            try:
                self._read(path)
            except TfdogsError:
                if (path / _STATE).is_file():
                    raise
            else:
                return path
        return None

    def _read(self, path):
        try:
            state = json.loads((path / _STATE).read_text(encoding="utf-8"))
            for name, size in state["files"].items():
                if (path / name).stat().st_size != size:
                    raise ValueError(f"{name} should have {size} bytes")
            status = self._checkpoint.read(str(path / "state"))
            status.assert_consumed()
        except (OSError, ValueError, KeyError, AssertionError, tf.errors.OpError) as e:
            reason = " ".join(str(e).split())[:200]
            raise TfdogsError(
                f"{path} cannot be restored ({reason}); remove it to go on from the one before"
            ) from e


def _lock_of(hidden):
    return hidden.with_name(f"{hidden.name}{LOCK}")
