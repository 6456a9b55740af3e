"""Whether a command goes on with the run that is there. Nothing here imports TensorFlow."""

import dataclasses
from pathlib import Path

from tfdogs.aside import LOCK
from tfdogs.data.manifest import Manifest
from tfdogs.errors import UsageError
from tfdogs.training import data_card, settle
from tfdogs.training.config import TrainConfig
from tfdogs.training.data_card import DataCard, load_card

CONFIG = "config.json"
# What a kill before the configuration leaves.
_FIRST = {LOCK, f"{LOCK}.owner", "samples", f".{data_card.FILE_NAME}", data_card.FILE_NAME, f".{CONFIG}"}


def check(config, card, run_dir):
    """Refuses a folder that is no run, and flags and data that are not those of the run there.

    Args:
        config: `TrainConfig` with nothing left open, see `tfdogs.training.settle` and `TrainConfig.resolve`.
        card: `DataCard`.
        run_dir: Path of the run's folder.

    Raises:
        UsageError: then; names each flag.
    """
    if not (run_dir / CONFIG).is_file():
        if run_dir.exists() and not (run_dir.is_dir() and {p.name for p in run_dir.iterdir()} <= _FIRST):
            raise UsageError(f"{run_dir} exists and is not a run of tfdogs.train; choose another --model_dir")
        return
    changes = TrainConfig.load(run_dir / CONFIG).diff(config)
    before = load_card(run_dir)
    if before != card:
        changes.append(f"data: {before.fingerprint[:12]} -> {card.fingerprint[:12]}")
    if changes:
        anew = "choose another --model_dir"
        if not any((run_dir / "checkpoints").glob("kimg*")):
            anew += ", or delete it if no process trains there: it has no checkpoint yet"
        advice = f"run it with its own flags, or {anew}. Changed:\n  " + "\n  ".join(changes)
        raise UsageError(f"{run_dir} was begun with another configuration; {advice}")


def check_early(config):
    """Refuses as `check` does what can be refused before TensorFlow, which takes seconds, is imported.

    Args:
        config: `TrainConfig` as the flags give it, of a run of one process.

    Raises:
        UsageError: as of `check`; or `config.data_dir` is none.
    """
    run_dir = Path(config.model_dir)
    card = DataCard.of(Manifest.load(config.data_dir))
    if (run_dir / CONFIG).is_file():
        config, _ = settle.as_begun(config, run_dir / CONFIG)
        if config.precision == "auto":
            config = dataclasses.replace(config, precision=TrainConfig.load(run_dir / CONFIG).precision)
        config = config.resolve(card.image_size)
    check(config, card, run_dir)
