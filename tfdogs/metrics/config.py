"""The configuration of `python -m tfdogs.evaluate`."""

import dataclasses
from pathlib import Path

from tfdogs.config import Config, flag
from tfdogs.errors import UsageError
from tfdogs.metrics import extractors, marks, scores
from tfdogs.metrics.evaluator import check
from tfdogs.sampling.config import EMA_LENGTH_HELP, TRUNCATION_HELP, check_ema_length
from tfdogs.sampling.labels import DATA, UNIFORM


@dataclasses.dataclass(frozen=True)
class EvaluateConfig(Config):
    """What to score against what, and how.

    Raises:
        UsageError: a value out of range, or flags that exclude each other.
    """

    model_dir: str = flag("Score what this run draws: its folder, as tfdogs.train leaves it.", default="")
    fakes: str = flag(
        "Score these images instead: a folder, .tar, .tar.gz or .zip of pictures, a .npy or .npz of uint8 "
        "[N, H, W, C], a data_dir, or statistics (.npz) of pipeline.extract, of which there is no more than "
        "FID and diversity.",
        default="",
    )
    best: bool = flag(
        "With --model_dir: its generator that scored best in training with --eval_kimg, not its newest.",
        default=False,
    )
    ema_length: float = flag(EMA_LENGTH_HELP, default=0.0)
    data_dir: str = flag(
        "Real images: prepared data, as tfdogs.prepare leaves it; with --model_dir by default the run's own.",
        default="",
    )
    reals: str = flag(
        "Real images instead of --data_dir: as --fakes; statistics are those of --save_stats, too.",
        default="",
    )
    split: str = flag("Split of the real images' data_dir.", default="train", choices=("train", "eval"))
    fakes_split: str = flag(
        "Split of a data_dir that is given as --fakes.", default="train", choices=("train", "eval")
    )
    metrics: str = flag(
        f"Comma-separated out of {', '.join(scores.NAMES)}; empty: all that can be computed.", default=""
    )
    extractor: str = flag(
        f"Network whose features are compared: {', '.join(extractors.NAMES)}, or the path of a Keras model "
        "or SavedModel.",
        default=extractors.NAMES[0],
    )
    inception_path: str = flag(
        "Path of Inception's weights for --extractor=inception_v3; empty: they are fetched.", default=""
    )
    extractor_range: str = flag(
        "Range of pixels that an --extractor of your own expects; empty: -1_1.",
        default="",
        choices=("", *extractors.INPUT_RANGES),
    )
    num_images: int = flag(
        "Most images of the fakes that are scored: so many are drawn, or taken at random.",
        default=10_000,
        lower=1,
    )
    seed: int = flag(
        "Seed of the run's first image and of all random choices.", default=0, lower=0, upper=2**32 - 1
    )
    truncation: float = flag(
        f"With --model_dir. {TRUNCATION_HELP}",
        default=0.0,
        lower=0.0,
        upper=1000.0,
    )
    labels: str = flag(
        "Classes that a conditional --model_dir draws: data, each as often as in the train split that it "
        "learned from; uniform, all in turn. Scores of the one do not compare with scores of the other.",
        default=DATA,
        choices=(DATA, UNIFORM),
    )
    bootstrap: int = flag("0: no error of the FID; 2 or more: estimate it.", default=10, lower=0)
    output: str = flag(
        "Where the numbers go besides the screen: .json, or a folder (no ending) for scores.json and "
        "report.html; empty: nowhere.",
        default="",
    )
    marks: str = flag(
        "Earlier evaluations that the report shows as lines to compare with: NAME=FILE.json,NAME=FILE.json.",
        default="",
    )
    save_stats: str = flag("Keep the real images' statistics in this .npz, for --reals.", default="")
    cache_dir: str = flag(
        "Where features are kept; empty: tfdogs/features in $XDG_CACHE_HOME or ~/.cache.",
        default="",
        run_control=True,
    )
    overwrite: bool = flag("Replace outputs that are already there.", default=False, run_control=True)

    def __post_init__(self):
        super().__post_init__()
        if bool(self.model_dir) == bool(self.fakes):
            received = f"--model_dir={self.model_dir} --fakes={self.fakes}"
            raise UsageError(f"exactly one of --model_dir and --fakes must be given. Received: {received}")
        if (self.data_dir and self.reals) or not (self.data_dir or self.reals or self.model_dir):
            received = f"--data_dir={self.data_dir} --reals={self.reals}"
            raise UsageError(f"exactly one of --data_dir and --reals must be given. Received: {received}")
        check_ema_length(self)
        for name in ("truncation", "best", "ema_length", "labels"):
            if getattr(self, name) != getattr(type(self), name) and not self.model_dir:
                self.reject(name, "goes with --model_dir only")
        if self.metric_names is not None:
            try:
                check(self.metric_names)
            except UsageError:
                self.reject("metrics", f"must be made of {', '.join(scores.NAMES)}")
        if self.extractor not in extractors.NAMES and not Path(self.extractor).exists():
            self.reject("extractor", f"must be {', '.join(extractors.NAMES)}, or the path of a model")
        if self.inception_path and self.extractor != "inception_v3":
            self.reject("inception_path", "goes with --extractor=inception_v3 only")
        if self.extractor_range and self.extractor in extractors.NAMES:
            self.reject("extractor_range", "goes with an --extractor that is a path only")
        if self.bootstrap == 1:
            self.reject("bootstrap", "must be 0, or at least 2 rounds")
        if self.form not in ("", "json", "folder"):
            self.reject("output", "must end in .json, or be a folder without an ending")
        if self.marks:
            try:
                marks.parse(self.marks)
            except ValueError as e:
                raise UsageError(f"--marks {e}") from e
            if self.form != "folder":
                self.reject("marks", "goes with a report, --output=FOLDER")
        if self.save_stats and Path(self.save_stats).suffix.lower() != ".npz":
            self.reject("save_stats", "must end in .npz")

    @property
    def form(self):
        """ "json" or "folder", "" for no output, or the ending of `output` where it is none of them."""
        return (Path(self.output).suffix.lower()[1:] or "folder") if self.output else ""

    @property
    def metric_names(self):
        """Names of metrics, a tuple, or None where none were given."""
        return tuple(name.strip() for name in self.metrics.split(",")) if self.metrics else None
