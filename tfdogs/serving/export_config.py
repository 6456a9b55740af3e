"""The configuration of `python -m tfdogs.export`."""

import dataclasses

from tfdogs.config import Config, flag
from tfdogs.sampling.config import EMA_LENGTH_HELP, check_ema_length
from tfdogs.serving.model_name import check_name
from tfdogs.serving.version_folders import MAX_VERSION


@dataclasses.dataclass(frozen=True)
class ExportConfig(Config):
    """What to export of a run, and where to.

    Raises:
        UsageError: a value out of range.
    """

    model_dir: str = flag("The run's folder, as python -m tfdogs.train leaves it.")
    export_dir: str = flag("Folder of the versions, each in a folder named by its number.")
    version: int = flag(
        "The version's number; 0: the largest there plus 1.", default=0, lower=0, upper=MAX_VERSION
    )
    best: bool = flag(
        "Export the generator that scored best in training with --eval_kimg, not the newest.", default=False
    )
    ema_length: float = flag(EMA_LENGTH_HELP, default=0.0)
    name: str = flag(
        "The model's name in requests, in compose.yaml and the like; empty: that of the exports which are "
        "there, or dogs.",
        default="",
    )
    onnx: bool = flag("Write the generator as ONNX too, to assets.extra/generator.onnx.", default=False)
    tflite: bool = flag(
        "Write the generator for TensorFlow Lite too, to assets.extra/generator.tflite.", default=False
    )

    def __post_init__(self):
        super().__post_init__()
        for name in ("model_dir", "export_dir"):
            if not getattr(self, name).strip():
                self.reject(name, "must not be empty")
        check_ema_length(self)
        if self.name:
            check_name(self)
