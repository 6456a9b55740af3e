"""What --init_from names: a run, an export or a `.keras` file. Nothing here imports TensorFlow."""

import dataclasses
from pathlib import Path

from tfdogs.errors import UsageError

_LEGAL = (
    "must be a run of tfdogs.train with a checkpoint, an export of tfdogs.export or one of its versions, "
    "or a .keras file of a tfdogs.GAN"
)
_CHECKPOINTS = "checkpoints/kimg*/state.json"


@dataclasses.dataclass(frozen=True)
class InitSource:
    """Where networks can be read from.

    Attributes:
        kind: "run", "export" or "keras".
        path: of the run's folder, of the export's version, or of the file.
    """

    kind: str
    path: Path


def resolve(text):
    """Finds what a value of --init_from is. A kind or a name that is added is added here.

    Args:
        text: the value, a str or Path.

    Returns:
        `InitSource`.

    Raises:
        UsageError: it is none of what is legal.
    """
    path = Path(text)
    if path.suffix == ".keras" and path.is_file():
        return InitSource("keras", path)
    if (path / "config.json").is_file() and any(path.glob(_CHECKPOINTS)):
        return InitSource("run", path)
    versions = [p for p in path.glob("*/saved_model.pb") if p.parent.name.isdigit()]
    if (path / "saved_model.pb").is_file():
        return InitSource("export", path)
    if versions:
        return InitSource("export", max((p.parent for p in versions), key=lambda p: int(p.name)))
    raise UsageError(f"--init_from {_LEGAL}. Received: --init_from={text}")


def check(config):
    """Refuses an --init_from that is nothing, where the run is about to read it: a resumed run does not.

    Args:
        config: `tfdogs.training.config.TrainConfig`.

    Raises:
        UsageError: see `resolve`.
    """
    if config.init_from and not any(Path(config.model_dir).glob(_CHECKPOINTS)):
        resolve(config.init_from)
