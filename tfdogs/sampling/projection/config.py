"""The configuration of `python -m tfdogs.project`."""

import dataclasses
from pathlib import Path

from tfdogs.config import Config, flag
from tfdogs.sampling.config import EMA_LENGTH_HELP, check_ema_length


@dataclasses.dataclass(frozen=True)
class ProjectConfig(Config):
    """Which photographs to look for in which run, and how hard.

    Raises:
        UsageError: a value out of range, or flags that exclude each other.
    """

    model_dir: str = flag("The run's folder, as python -m tfdogs.train leaves it.")
    image: str = flag(
        "The photograph, of which the largest centred square is taken; or a folder, .tar or .zip of several."
    )
    output: str = flag("Where OUT.png, the pictures, and OUT.npz, the latents, go: a path without ending.")
    label: str = flag(
        "Class of a conditional model, by name or index; empty: the one of whose images one is nearest.",
        default="",
    )
    steps: int = flag("Steps of Adam.", default=300, lower=1, upper=100_000)
    candidates: int = flag(
        "Images that are drawn to begin with, and compared with the photograph.",
        default=512,
        lower=1,
        upper=1_000_000,
    )
    starts: int = flag(
        "The search starts from so many of them, the nearest; the one that comes nearest is kept.",
        default=4,
        lower=1,
        upper=64,
    )
    seed: int = flag(
        "Seed of the first candidate and of the noise on the way.", default=0, lower=0, upper=2**32 - 1
    )
    best: bool = flag(
        "Project with the generator that scored best in training with --eval_kimg, not with the newest.",
        default=False,
    )
    ema_length: float = flag(EMA_LENGTH_HELP, default=0.0)
    overwrite: bool = flag("Replace outputs that are already there.", default=False, run_control=True)

    def __post_init__(self):
        super().__post_init__()
        for name in ("model_dir", "image", "output"):
            if not getattr(self, name).strip():
                self.reject(name, "must not be empty")
        check_ema_length(self)
        if self.starts > self.candidates:
            self.reject("starts", f"must be at most the {self.candidates} --candidates")

    @property
    def outputs(self):
        """Paths of the picture and of the numbers."""
        path = Path(self.output)
        base = path.with_suffix("") if path.suffix.lower() in (".png", ".npz") else path
        return tuple(base.with_name(base.name + ending) for ending in (".png", ".npz"))
