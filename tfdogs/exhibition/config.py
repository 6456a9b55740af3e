"""The configuration of `python -m tfdogs.gallery`."""

import dataclasses

from tfdogs.config import Config, flag
from tfdogs.errors import UsageError
from tfdogs.sampling.config import EMA_LENGTH_HELP, TRUNCATION_HELP, check_ema_length
from tfdogs.sampling.seeds import MAX_SEED, Seeds

MAX_IMAGES = 10_000  # on one wall
IMAGES = 78  # twelve columns of seven and six
CURATORS = ("none", "discriminator", "dog_score")
RANKED_BY = ("fid", "kid", "mifid_public", "mifid_private", "dog_score")


@dataclasses.dataclass(frozen=True)
class GalleryConfig(Config):
    """What to hang, by whose choice, and what to say of it.

    Raises:
        UsageError: a value out of range, or flags that exclude each other.
    """

    output_dir: str = flag("The gallery's folder: index.html and all that it needs.")
    model_dir: str = flag("Show what this run draws: its folder, as tfdogs.train leaves it.", default="")
    images: str = flag(
        "Show these images instead: a folder or .zip; image_00012.png keeps its number, missing numbers are "
        "no matter.",
        default="",
    )
    num_images: int = flag(
        f"Number of images on the wall; 0: {IMAGES}, or all of --images.",
        default=0,
        lower=0,
        upper=MAX_IMAGES,
    )
    seed: int = flag(
        "Seed of the first image, a run's image i having seed + i, and of the sheet's choice.",
        default=0,
        lower=0,
        upper=MAX_SEED,
    )
    truncation: float = flag(
        f"With --model_dir. {TRUNCATION_HELP}",
        default=0.0,
        lower=0.0,
        upper=1000.0,
    )
    label: str = flag(
        "With --model_dir: class, by name or index, for a conditional model; empty: all in turn.", default=""
    )
    best: bool = flag(
        "With --model_dir: its generator that scored best in training with --eval_kimg, not its newest.",
        default=False,
    )
    ema_length: float = flag(f"With --model_dir. {EMA_LENGTH_HELP}", default=0.0)
    curate: str = flag(
        "Who chooses: nobody, the run's discriminator, or by the dog score (EfficientNet-Lite0, from "
        "--images too). The page says so.",
        default="none",
        choices=CURATORS,
    )
    candidates: int = flag(
        "With --curate and --model_dir: how many are drawn to choose from.",
        default=1000,
        lower=1,
        upper=1_000_000,
    )
    pick: str = flag(
        "Exactly these seeds of a run, or numbers of --images, in this order, such as 1,5,9-12.", default=""
    )
    drop: str = flag("Leave these seeds, or numbers of --images, out, such as 3,7-9.", default="")
    title: str = flag("The headline.", default="This Dog Doesn't Exist")
    credits: str = flag("Whom to thank; \\n begins a new line.", default="Made with tfdogs.")
    reals: str = flag(
        "Real images for the sheet 'Can you tell which are real?': a folder, .tar, .zip, or a data_dir, of "
        "which the eval split is taken; empty: the run's own data, if it is still there.",
        default="",
    )
    quiz: int = flag("Images on that sheet, half of them real; 0: no sheet.", default=24, lower=0, upper=200)
    scores: str = flag("A scores.json of tfdogs.evaluate, for the card.", default="")
    runs: str = flag("Runs for the board, folders parted by commas.", default="")
    rank_by: str = flag("Score that the board ranks runs by.", default="fid", choices=RANKED_BY)
    film_frames: int = flag(
        "Most frames of the film of a run's progress; 0: no film.", default=120, lower=0, upper=500
    )
    overwrite: bool = flag(
        "Replace a gallery that is already there; nothing else is.", default=False, run_control=True
    )

    def __post_init__(self):
        super().__post_init__()
        if not self.output_dir.strip():
            self.reject("output_dir", "must not be empty")
        if bool(self.model_dir.strip()) == bool(self.images.strip()):
            received = f"--model_dir={self.model_dir} --images={self.images}"
            raise UsageError(f"exactly one of --model_dir and --images must be given. Received: {received}")
        check_ema_length(self)
        for name in ("truncation", "label", "best", "ema_length", "film_frames"):
            if self.images and getattr(self, name) != getattr(type(self), name):
                self.reject(name, "goes with --model_dir only")
        for name in ("pick", "drop"):
            try:
                self._seeds(name)
            except ValueError as e:
                self.reject(name, str(e))
        if self.film_frames == 1:
            self.reject("film_frames", "must be 0, or at least 2")
        if self.quiz % 2:
            self.reject("quiz", "must be an even number, half of them real")
        if self.reals and not self.quiz:
            self.reject("reals", "are for the sheet, and --quiz=0 leaves it out")
        self._check_choice()

    @property
    def all_seeds(self):
        """The `Seeds` that a run draws, candidates and dropped ones among them."""
        if self.pick:
            return self.picked
        return Seeds.first(self.seed, self.candidates if self.curated else self.hung)

    @property
    def hung(self):
        """How many images go to the wall at most, an int; None for all."""
        if self.pick or (self.images and not self.curated and not self.num_images):
            return None
        return self.num_images or IMAGES

    @property
    def curated(self):
        """Whether images are chosen by a network."""
        return self.curate != "none"

    @property
    def picked(self):
        """The `Seeds` of --pick, or None."""
        return self._seeds("pick")

    @property
    def dropped(self):
        """The `Seeds` of --drop; of none, one without ranges."""
        return self._seeds("drop") or Seeds(())

    @property
    def run_dirs(self):
        """The folders of --runs, a tuple of str."""
        return tuple(part.strip() for part in self.runs.split(",")) if self.runs else ()

    def _seeds(self, name):
        text = getattr(self, name)
        return Seeds.parse(text) if text else None

    def _check_choice(self):
        if self.curate == "discriminator" and self.images:
            self.reject("curate", "needs --model_dir: --images come without their discriminator")
        if self.candidates != type(self).candidates and not (self.curated and self.model_dir):
            self.reject("candidates", "goes with --curate and --model_dir only")
        if self.pick:
            if self.num_images:
                self.reject("pick", "takes the place of --num_images: leave it out")
            if self.curated:
                self.reject("pick", "is a choice by hand: it does not go with --curate")
            if self.model_dir and self.picked.count > MAX_IMAGES:
                self.reject("pick", f"must be at most {MAX_IMAGES:,} images")
            ends = sorted((part.start, part.stop) for part in self.picked.ranges)
            if any(stop > start for (_, stop), (start, _) in zip(ends, ends[1:])):
                self.reject("pick", "must name every image once")
        if self.model_dir:
            if self.curated and self.candidates < self.hung:
                self.reject("candidates", f"must be at least the {self.hung:,} images on the wall")
            if not self.pick and self.all_seeds.ranges[-1].stop - 1 > MAX_SEED:
                self.reject("seed", f"must leave room for all images up to seed {MAX_SEED}")
        if self.rank_by != type(self).rank_by and not self.runs:
            self.reject("rank_by", "goes with --runs only")
        if "" in self.run_dirs:
            self.reject("runs", "must be folders parted by commas")
