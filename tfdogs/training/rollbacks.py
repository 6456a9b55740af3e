"""What becomes of a run that diverges: back to the last good state, with half the learning rates."""

import dataclasses
import json
from pathlib import Path

from tfdogs.aside import write_text
from tfdogs.errors import TfdogsError
from tfdogs.training.callbacks.best_generator import abandon

FILE_NAME = "rollbacks.jsonl"
MOST = 3  # after which lower rates are no longer tried
_FACTOR = 0.5


class Rollbacks:
    """The rollbacks of a run: a line of JSON each in `RUN/rollbacks.jsonl`.

    A line holds kimg, the moment of the divergence; reason; back_to, the kimg of the state that training went
    on from, 0 for that of the beginning; and g_lr and d_lr from then on. A resumed run finds its rates there.

    Args:
        run_dir: the run's folder.
        newest: kimg of the checkpoint that the run goes on from, 0 for none. Lines of later ones are none of
            this training: the checkpoints that they led to were removed.
    """

    def __init__(self, run_dir, newest=0.0):
        self._path, self._newest = Path(run_dir, FILE_NAME), newest
        lines = _read(self._path)
        self._lines = [line for line in lines if line["back_to"] <= newest]
        self._foreign = len(lines) > len(self._lines)

    def drop_foreign(self):
        """Removes the lines that are none of this training, lest they count when it has come further.

        Raises:
            TfdogsError: `best.json` is damaged, or the disk failed.
        """
        if self._foreign:
            self._write(self._newest)

    def lowered(self, config):
        """Returns a `TrainConfig` with the learning rates that the rollbacks have left."""
        factor = _FACTOR ** len(self._lines)
        return dataclasses.replace(config, g_lr=factor * config.g_lr, d_lr=factor * config.d_lr)

    def add(self, error, config, checkpoint, *, writes=True):
        """Notes one more rollback.

        Args:
            error: `tfdogs.training.callbacks.divergence.Diverged`.
            config: the run's `TrainConfig`.
            checkpoint: Path of the newest checkpoint, or None: the beginning.
            writes: whether this process writes the file.

        Returns:
            A line for the user.

        Raises:
            TfdogsError: there have been `MOST`, or `config.on_divergence` is "stop"; says what there was.
                `best.json` is damaged, or the disk failed.
        """
        start = f"checkpoint {checkpoint}" if checkpoint else "the weights of the beginning"
        anew = f"the same --model_dir once {self._path.parent} is deleted"
        place = "another --model_dir" if checkpoint else anew
        advice = f"choose lower --g_lr and --d_lr, or more --r1, with {place}"
        if config.on_divergence == "stop":
            raise TfdogsError(
                f"{error}. Run the same command with --on_divergence=rollback to go back to {start} and half "
                f"the learning rates; or {advice}"
            ) from error
        if len(self._lines) >= MOST:
            tried = "; ".join(f"at {line['kimg']:g} kimg back to {line['back_to']:g}" for line in self._lines)
            raise TfdogsError(
                f"{error}. {len(self._lines)} rollbacks did not help ({tried}), the last of them with "
                f"{_rates(self.lowered(config))}; {self._path} lists them. Now {advice}"
            ) from error
        line = {"kimg": error.kimg, "reason": error.reason, "back_to": kimg_of(checkpoint)}
        self._lines.append(line)
        config = self.lowered(config)
        line.update(g_lr=config.g_lr, d_lr=config.d_lr)
        if writes:
            self._write(line["back_to"])
        number = f"rollback {len(self._lines)} of {MOST}"
        return f"{error}: {number}, to {start}, from now on with {_rates(config)}"

    def _write(self, back_to):
        """Writes the file, after the best generator of what is trained no further was marked as such."""
        abandon(self._path.parent, back_to)
        write_text(self._path, "".join(json.dumps(line) + "\n" for line in self._lines))


def kimg_of(checkpoint):
    """Returns thousands of images seen at a checkpoint's folder, 0 for None."""
    return 0.0 if checkpoint is None else float(Path(checkpoint).name.removeprefix("kimg"))


def _rates(config):
    return f"--g_lr={config.g_lr:g} and --d_lr={config.d_lr:g}"


def _read(path):
    """Returns the lines of a file; none where there is no file."""
    try:
        return [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as e:
        raise TfdogsError(f"{path} is damaged ({e}); remove it to go on with the rates of the flags") from e
