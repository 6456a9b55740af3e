"""The configuration of `python -m pipeline.run`."""

import dataclasses
import re
import shlex

from tfdogs import cli
from tfdogs.config import Config, flag
from tfdogs.data.prepare_config import PrepareConfig
from tfdogs.errors import UsageError
from tfdogs.metrics import extractors
from tfdogs.training.config import TrainConfig

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_OWN_OF_PREPARE = ("images", "annotations", "image_size", "eval_fraction", "seed", "output_dir", "workers")
OWN_OF_TRAIN = ("data_dir", "model_dir", "dry_run", "aug_preview")
ONE_MACHINE = (
    "train across machines with `python -m tfdogs.train` on each (BUILD.md); the pipeline's Trainer uses one "
    "machine"
)
_NO_OTHER_INPUT = (
    "what Trainer leaves must follow from the pipeline's inputs, and what lies there is none; start from it "
    "with `python -m tfdogs.train`"
)
_THRESHOLDS = ("min_images", "min_photographs", "max_class_shift", "max_pixel_shift")


@dataclasses.dataclass(frozen=True)
class RunConfig(Config):
    """From pictures to a pushed model: what every component is told.

    Raises:
        UsageError: a value out of range, or flags of a component that its command would refuse.
    """

    images: str = flag(PrepareConfig.__dataclass_fields__["images"].metadata["help"])
    root: str = flag(
        "Folder of the artifacts, and of the metadata where --metadata is empty.", run_control=True
    )
    push_dir: str = flag("Folder that is served: blessed models appear there as numbered versions.")
    pipeline_name: str = flag(
        "Name of the pipeline: its runs share schema, earlier statistics and blessed models.", default="dogs"
    )
    metadata: str = flag(
        "ML Metadata's store: a file for SQLite, mysql://USER:PASSWORD@HOST:PORT/NAME or "
        "postgresql://USER:PASSWORD@HOST:PORT/NAME, whose password may be in the environment variable "
        "TFDOGS_METADATA_PASSWORD instead; empty: ROOT/metadata.sqlite.",
        default="",
        run_control=True,
    )
    run: str = flag("Name of the run, unique in the store; empty: the time.", default="", run_control=True)
    resume: bool = flag(
        "Go on with the pipeline's last run that is not complete, or with --run.",
        default=False,
        run_control=True,
    )
    annotations: str = flag("Boxes: a folder, tar or zip of VOC XML; empty: whole pictures.", default="")
    sample: float = flag(
        "Share of the pictures that is taken, drawn by their names; 1: all.",
        default=1.0,
        lower=0.0,
        upper=1.0,
    )
    image_size: int = flag(
        "Height and width of every image, which is square, in pixels.", default=64, lower=16, upper=1024
    )
    eval_fraction: float = flag(
        "Share of the pictures that goes to the eval split.", default=0.05, lower=0.0, upper=0.5
    )
    seed: int = flag("Seed of the split and of the order of records.", default=0, lower=0, upper=2**63 - 1)
    prepare_flags: str = flag(
        "More flags of tfdogs.prepare for Transform, as --crop=center --checks=basic.", default=""
    )
    schema: str = flag(
        "A schema of your own for ExampleValidator, schema.pbtxt; empty: the pipeline's first run infers it.",
        default="",
    )
    min_images: int = flag("Fewest pictures that ExampleValidator lets pass.", default=50, lower=0)
    min_photographs: float = flag(
        "Smallest share of pictures that can be read and show some contrast.",
        default=0.9,
        lower=0.0,
        upper=1.0,
    )
    max_class_shift: float = flag(
        "How far the share of a class or of a size may lie from the data set before, and train's from "
        "eval's; 0: as far as it likes.",
        default=0.1,
        lower=0.0,
        upper=1.0,
    )
    max_pixel_shift: float = flag(
        "Largest Jensen-Shannon divergence of brightness, contrast, saturation and file size between the "
        "same; 0: any.",
        default=0.1,
        lower=0.0,
        upper=1.0,
    )
    train_flagfile: str = flag("Flagfile of tfdogs.train for Trainer; empty: none.", default="")
    train_flags: str = flag(
        "More flags of tfdogs.train for Trainer, as --total_kimg=50 --batch_size=32.", default=""
    )
    extractor: str = flag(
        "Network whose features Evaluator compares.", default=extractors.NAMES[0], choices=extractors.NAMES
    )
    num_images: int = flag("Images that Evaluator draws and scores.", default=2000, lower=50)
    max_fid: float = flag("Largest FID of a blessed model; 0: no limit.", default=0.0, lower=0.0)
    min_d: float = flag(
        "Smallest memorisation distance d of a blessed model; 0: no limit.", default=0.0, lower=0.0, upper=1.0
    )
    min_dog_score: float = flag(
        "Smallest dog score of a blessed model; 0: no limit.", default=0.0, lower=0.0, upper=1.0
    )
    worse_by: float = flag(
        "Standard errors by which FID and dog score may be worse than the last blessed model's.",
        default=2.0,
        lower=0.0,
    )
    allow_alarms: bool = flag(
        "Bless models for all alarms of Evaluator (copies of training images, collapse).", default=False
    )
    keep: int = flag("Versions that stay in --push_dir at a push, the newest; 0: all.", default=5, lower=0)
    workers: int = flag(
        "Processes of Apache Beam on this machine, which pay from some thousand pictures on; 0: one a core.",
        default=1,
        lower=0,
        upper=1024,
        run_control=True,
    )
    beam_args: str = flag(
        "Apache Beam's own flags, as --runner=FlinkRunner --flink_master=HOST:8081; empty: this machine.",
        default="",
        run_control=True,
    )

    def __post_init__(self):
        super().__post_init__()
        for name in ("images", "root", "push_dir"):
            if not getattr(self, name).strip():
                self.reject(name, "must not be empty")
        for name in ("pipeline_name", "run"):
            text = getattr(self, name)
            if (text or name != "run") and not _NAME.fullmatch(text):
                self.reject(name, "must be letters, digits, points, dashes and underscores")
        for name in _THRESHOLDS if self.schema else ():
            if getattr(self, name) != self.__dataclass_fields__[name].default:
                self.reject(name, "does not go with --schema, whose own thresholds count")
        self.prepare_config()
        if self.train_config().strategy == "multi_worker":
            raise UsageError(f"--train_flags cannot set --strategy=multi_worker: {ONE_MACHINE}")
        if self.train_config().init_from:
            raise UsageError(f"--train_flags cannot set --init_from: {_NO_OTHER_INPUT}")

    def prepare_config(self):
        """Returns Transform's `PrepareConfig`.

        Raises:
            UsageError: `prepare_flags` are not legal, or give what has a flag of its own here.
        """
        own = {name: getattr(self, name) for name in ("image_size", "eval_fraction", "seed")}
        return self._parsed(
            PrepareConfig, "prepare_flags", _OWN_OF_PREPARE, {**own, "images": "-", "output_dir": "-"}
        )

    def train_config(self):
        """Returns Trainer's `TrainConfig`.

        Raises:
            UsageError: `train_flagfile` cannot be read, the flags are not legal, or give what is Trainer's to
                know.
        """
        return self._parsed(TrainConfig, "train_flags", OWN_OF_TRAIN, {"data_dir": "-", "model_dir": "-"})

    def _parsed(self, config_class, name, own, given):
        try:
            words = shlex.split(getattr(self, name))
        except ValueError as e:
            self.reject(name, f"must be words as in a shell: {e}")
        for word in words:
            option = re.fullmatch(r"--?(?:no)?(\w+)(?:=.*)?", word, re.DOTALL)
            if option and option[1] in own:
                self.reject(name, f"cannot set --{option[1]}, which is the pipeline's to say")
        files = [f"--flagfile={self.train_flagfile}"] if name == "train_flags" and self.train_flagfile else []
        try:
            argv = [name, *files, *words, *(f"--{key}={value}" for key, value in given.items())]
            return cli.parse(config_class, argv, summary="")
        except UsageError as e:
            raise UsageError(f"--{name}: {e}") from e
