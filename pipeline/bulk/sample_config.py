"""The configuration of `python -m pipeline.sample`."""

import dataclasses

from tfdogs.config import Config, flag
from tfdogs.errors import UsageError
from tfdogs.sampling.config import EMA_LENGTH_HELP, TRUNCATION_HELP, check_ema_length
from tfdogs.sampling.labels import DATA, UNIFORM
from tfdogs.sampling.seeds import MAX_SEED

WORKERS_HELP = "Worker processes on this machine, 0: one a core; unused where --beam_args names a runner."
BEAM_ARGS_HELP = (
    'Apache Beam\'s own flags in one string, such as "--runner=FlinkRunner --flink_master=host:8081"; empty: '
    "this machine."
)


@dataclasses.dataclass(frozen=True)
class SampleConfig(Config):
    """What to draw, and where it runs.

    Raises:
        UsageError: a value out of range, or flags that exclude each other.
    """

    output_dir: str = flag(
        "Folder of the images: a data_dir of TFRecord shards. One that the same command has begun is gone on "
        "with."
    )
    num_images: int = flag("Number of images.", lower=1)
    model_dir: str = flag("The run's folder, as python -m tfdogs.train leaves it.", default="")
    export_dir: str = flag(
        "Draw with an export instead, as python -m tfdogs.export leaves it: its newest version, or EXPORT/2.",
        default="",
    )
    seed: int = flag("Seed of the first image; image i has seed + i.", default=0, lower=0, upper=MAX_SEED)
    truncation: float = flag(TRUNCATION_HELP, default=0.0, lower=0.0, upper=1000.0)
    label: str = flag(
        "Class, by name or index, for a conditional model; empty: all classes in turn.", default=""
    )
    labels: str = flag(
        "Classes of a conditional run's images without --label: uniform, all in turn; data, each as often as "
        "in the train split, for images that are to be scored.",
        default=UNIFORM,
        choices=(UNIFORM, DATA),
    )
    best: bool = flag(
        "Draw with the generator that scored best in training with --eval_kimg, not with the newest.",
        default=False,
    )
    ema_length: float = flag(EMA_LENGTH_HELP, default=0.0)
    shard_size: int = flag(
        "Images in a shard, which one worker draws at a time.", default=4096, lower=1, upper=1_000_000
    )
    workers: int = flag(WORKERS_HELP, default=1, lower=0, upper=1024, run_control=True)
    beam_args: str = flag(BEAM_ARGS_HELP, default="", run_control=True)

    def __post_init__(self):
        super().__post_init__()
        if not self.output_dir.strip():
            self.reject("output_dir", "must not be empty")
        if bool(self.model_dir) == bool(self.export_dir):
            received = f"--model_dir={self.model_dir} --export_dir={self.export_dir}"
            raise UsageError(
                f"exactly one of --model_dir and --export_dir must be given. Received: {received}"
            )
        check_ema_length(self)
        for name in ("best", "ema_length"):
            if getattr(self, name) and not self.model_dir:
                self.reject(name, "goes with --model_dir only: an export holds one generator")
        if self.labels == DATA and self.label:
            self.reject("labels", f"does not go together with --label={self.label}")
        if self.labels == DATA and not self.model_dir:
            self.reject("labels", "of data goes with --model_dir only: an export knows no data")
        if self.seed + self.num_images - 1 > MAX_SEED:
            self.reject("seed", f"must leave room for --num_images up to seed {MAX_SEED}")
