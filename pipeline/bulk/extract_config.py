"""The configuration of `python -m pipeline.extract`."""

import dataclasses
from pathlib import Path

from pipeline.bulk.sample_config import BEAM_ARGS_HELP, WORKERS_HELP
from tfdogs.config import Config, flag
from tfdogs.metrics import extractors


@dataclasses.dataclass(frozen=True)
class ExtractConfig(Config):
    """What to go through with which network, and where it runs.

    Raises:
        UsageError: a value out of range, or flags that exclude each other.
    """

    images: str = flag(
        "Images: a data_dir, such as python -m pipeline.sample leaves; a folder, .tar, .tar.gz or .zip of "
        "pictures; a .npy or .npz of uint8 [N, H, W, C]."
    )
    output: str = flag(
        "Where the statistics go, an .npz that tfdogs.evaluate takes as --fakes and --reals. One that the "
        "same command has begun is gone on with."
    )
    split: str = flag("Split of a data_dir.", default="train", choices=("train", "eval"))
    num_images: int = flag(
        "Most images: so many are taken at random, those of tfdogs.evaluate --num_images; 0: all.",
        default=0,
        lower=0,
    )
    seed: int = flag("Seed of that choice.", default=0, lower=0, upper=2**32 - 1)
    extractor: str = flag(
        f"Network: {', '.join(extractors.NAMES)}, or the path of a Keras model or SavedModel.",
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
    features: bool = flag(
        "Keep each image's features too, in --cache_dir, where tfdogs.evaluate finds them: KID, precision, "
        "recall and the like need them.",
        default=False,
    )
    cache_dir: str = flag(
        "Where features are kept; empty: tfdogs/features in $XDG_CACHE_HOME or ~/.cache.",
        default="",
        run_control=True,
    )
    shard_size: int = flag(
        "Images that one worker goes through at a time.", default=4096, lower=1, upper=100_000
    )
    workers: int = flag(WORKERS_HELP, default=1, lower=0, upper=1024, run_control=True)
    beam_args: str = flag(BEAM_ARGS_HELP, default="", run_control=True)
    overwrite: bool = flag("Replace an output that is already there.", default=False, run_control=True)

    def __post_init__(self):
        super().__post_init__()
        if not self.images.strip():
            self.reject("images", "must not be empty")
        if Path(self.output).suffix.lower() != ".npz":
            self.reject("output", "must end in .npz")
        if self.extractor not in extractors.NAMES and not Path(self.extractor).exists():
            self.reject("extractor", f"must be {', '.join(extractors.NAMES)}, or the path of a model")
        if self.inception_path and self.extractor != "inception_v3":
            self.reject("inception_path", "goes with --extractor=inception_v3 only")
        if self.extractor_range and self.extractor in extractors.NAMES:
            self.reject("extractor_range", "goes with an --extractor that is a path only")
        if self.cache_dir and not self.features:
            self.reject("cache_dir", "goes with --features only")
        if self.seed and not self.num_images:
            self.reject("seed", "goes with --num_images only: all images need no choice")
