"""The configuration of `python -m tfdogs.submission`."""

import dataclasses

from tfdogs.config import Config, flag
from tfdogs.errors import UsageError
from tfdogs.metrics.config import EvaluateConfig

MAX_IMAGE_SIZE = 1024
_SCORING = ("extractor", "inception_path", "extractor_range")


def _as_evaluate(name):
    """Returns the flag of `tfdogs.evaluate` of this name: its words, its default, its choices."""
    (field,) = (field for field in dataclasses.fields(EvaluateConfig) if field.name == name)
    return dataclasses.field(default=field.default, metadata=field.metadata)


@dataclasses.dataclass(frozen=True)
class SubmissionConfig(Config):
    """Which zip to check, what was asked for, and what to score it against.

    Raises:
        UsageError: a value out of range, or flags that exclude each other.
    """

    POSITIONAL = "zip"

    zip: str = flag("The zip to check.")
    num_images: int = flag("Number of images that was asked for.", default=10_000, lower=2, upper=10_000_000)
    image_size: int = flag(
        "Their height and width that was asked for, which are equal, in pixels.",
        default=64,
        lower=8,
        upper=MAX_IMAGE_SIZE,
    )
    data_dir: str = flag(
        "Score against these training images: prepared data, as tfdogs.prepare leaves it.", default=""
    )
    reals: str = flag(
        "Score against these training images: a folder, .tar, .tar.gz or .zip of pictures, a .npy or .npz of "
        "uint8 [N, H, W, C], or a data_dir.",
        default="",
    )
    extractor: str = _as_evaluate("extractor")
    inception_path: str = _as_evaluate("inception_path")
    extractor_range: str = _as_evaluate("extractor_range")
    cache_dir: str = _as_evaluate("cache_dir")
    report: str = flag("Write checks and scores to this .json too; empty: nowhere.", default="")
    overwrite: bool = flag("Replace a --report that is already there.", default=False, run_control=True)

    def __post_init__(self):
        super().__post_init__()
        if self.data_dir and self.reals:
            received = f"--data_dir={self.data_dir} --reals={self.reals}"
            raise UsageError(f"at most one of --data_dir and --reals may be given. Received: {received}")
        if self.report and not self.report.lower().endswith(".json"):
            self.reject("report", "must end in .json")
        if self.evaluation is None:
            defaults = {field.name: field.default for field in dataclasses.fields(self)}
            for name in _SCORING:
                if getattr(self, name) != defaults[name]:
                    self.reject(name, "goes with --data_dir or --reals only")

    @property
    def evaluation(self):
        """The `EvaluateConfig` that scores the zip, or None where nothing to score it against was given."""
        if not (self.data_dir or self.reals):
            return None
        return EvaluateConfig(
            fakes=self.zip,
            data_dir=self.data_dir,
            reals=self.reals,
            metrics="fid,mifid",
            num_images=self.num_images,
            cache_dir=self.cache_dir,
            **{name: getattr(self, name) for name in _SCORING},
        )
