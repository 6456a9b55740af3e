"""The configuration of `python -m tfdogs.generate`."""

import dataclasses
from pathlib import Path

from tfdogs.config import Config, flag
from tfdogs.sampling.labels import DATA, UNIFORM
from tfdogs.sampling.seeds import MAX_SEED, Seeds
from tfdogs.training.posthoc import LONGEST, SHORTEST

# Form by the ending of --output: its default and its largest number of images. Grid and page are one file
# that is built in memory, and Pillow keeps a GIF's frames until it writes them.
FORMS = {
    "folder": (64, 1_000_000_000),
    "zip": (64, 1_000_000_000),
    "png": (64, 10_000),
    "gif": (8, 1_000),
    "html": (64, 1_000),
}
MAX_FRAMES = 10_000
# What a .png shows, with its default number of seeds.
GRIDS = {"plain": 64, "classes": 8, "truncation": 8, "mix": 6}
EMA_LENGTH_HELP = (
    "Draw with a power-function average of this relative length instead of the run's own, made out of the "
    f"snapshots of --ema_snapshot_kimg; {SHORTEST} to {LONGEST}; 0: the run's own average."
)
TRUNCATION_HELP = (
    "Cut-off of the latents' distribution, in standard deviations (normal) or as a share of the range "
    "(uniform); for stylegan2 psi, the share that is kept of a style's distance from the mean style, "
    "sensibly from 0 to 1. Smaller is less varied and more regular; 0: none."
)


@dataclasses.dataclass(frozen=True)
class GenerateConfig(Config):
    """What to draw from a run, and in which form.

    Raises:
        UsageError: a value out of range, or flags that exclude each other.
    """

    model_dir: str = flag("The run's folder, as python -m tfdogs.train leaves it.")
    output: str = flag(
        "Where the images go; the ending says how: .png one grid, .zip and a folder (no ending) a PNG per "
        "image, .gif a walk from latent to latent, .html a page about the run."
    )
    num_images: int = flag(
        "Number of images; 0: 64, or 8 stops of a .gif. In a --grid with titles: of seeds; 0: 6 or 8.",
        default=0,
        lower=0,
    )
    seed: int = flag("Seed of the first image; image i has seed + i.", default=0, lower=0, upper=MAX_SEED)
    seeds: str = flag(
        "Exactly these seeds, such as 1,5,9-12, instead of --seed and --num_images.", default=""
    )
    truncation: float = flag(TRUNCATION_HELP, default=0.0, lower=0.0, upper=1000.0)
    label: str = flag(
        "Class, by name or index, for a conditional model; empty: all classes in turn. --grid=classes takes "
        "several, comma-separated.",
        default="",
    )
    labels: str = flag(
        "Classes of a conditional model's images without --label: uniform, all in turn; data, each as often "
        "as in the train split, for images that are to be scored.",
        default=UNIFORM,
        choices=(UNIFORM, DATA),
    )
    best: bool = flag(
        "Draw with the generator that scored best in training with --eval_kimg, not with the newest.",
        default=False,
    )
    ema_length: float = flag(EMA_LENGTH_HELP, default=0.0)
    grid: str = flag(
        "What a .png shows: plain, all images; classes, a row a class of a conditional model, the same seeds "
        "down each column; truncation, a row a seed, --truncations from column to column; mix, styles of "
        "stylegan2: coarse layers from the row's seed, fine ones from the column's.",
        default="plain",
        choices=tuple(GRIDS),
    )
    truncations: str = flag(
        "Columns of --grid=truncation, each as --truncation (for stylegan2 psi), such as 0.5,1,0 (0: none); "
        "empty: 0.25,0.5,0.75,1 and, but for stylegan2, none.",
        default="",
    )
    mix_layers: int = flag(
        "Layers that --grid=mix takes from the row's seed, the coarsest; 0: half of them.", default=0, lower=0
    )
    columns: int = flag("Images in a row of the plain .png grid; 0: near square.", default=0, lower=0)
    walk_frames: int = flag("Frames from one stop of a .gif to the next.", default=20, lower=1, upper=1000)
    fps: float = flag(
        "Frames a second of a .gif, which counts in hundredths of a second.",
        default=20.0,
        lower=1.0,
        upper=50.0,
    )
    overwrite: bool = flag("Replace an output that is already there.", default=False, run_control=True)

    def __post_init__(self):
        super().__post_init__()
        for name in ("model_dir", "output"):
            if not getattr(self, name).strip():
                self.reject(name, "must not be empty")
        if self.form not in FORMS:
            self.reject("output", "must end in .png, .zip, .gif or .html, or be a folder without an ending")
        check_ema_length(self)
        for name, form in (("grid", "png"), ("columns", "png"), ("walk_frames", "gif"), ("fps", "gif")):
            if self.form != form and self._given(name):
                self.reject(name, f"goes with an --output that ends in .{form} only, not with {self.output}")
        for name, grid in (("columns", "plain"), ("truncations", "truncation"), ("mix_layers", "mix")):
            if self.grid != grid and self._given(name):
                self.reject(name, f"goes with --grid={grid} only, not with --grid={self.grid}")
        if self._given("labels"):
            for name in ("label", "grid"):
                if self._given(name):
                    self.reject("labels", f"does not go together with --{name}={getattr(self, name)}")
        if self.grid == "truncation":
            if self._given("truncation"):
                self.reject("truncation", "gives way to --truncations in --grid=truncation: leave it out")
            self._check_truncations()
        if self.seeds:
            if self.num_images or self.seed:
                self.reject("seeds", "takes the place of --seed and --num_images: leave them out")
            try:
                Seeds.parse(self.seeds)
            except ValueError as e:
                self.reject("seeds", str(e))
        self._check_count()

    @property
    def form(self):
        """One of `FORMS`, or the ending of `output` where it is none of them."""
        return Path(self.output).suffix.lower()[1:] or "folder"

    @property
    def all_seeds(self):
        """The `Seeds` of all images, in order."""
        if self.seeds:
            return Seeds.parse(self.seeds)
        return Seeds.first(self.seed, self._number)

    @property
    def cut_offs(self):
        """`truncations` as a tuple of floats, 0 for none; None where the flag is empty."""
        return tuple(float(part) for part in self.truncations.split(",")) if self.truncations else None

    @property
    def _number(self):
        default = GRIDS[self.grid] if self.form == "png" else FORMS[self.form][0]
        return self.num_images or default

    def _given(self, name):
        return getattr(self, name) != getattr(type(self), name)

    def _check_truncations(self):
        try:
            values = self.cut_offs or ()
        except ValueError:
            values = (-1.0,)
        if not all(0 <= value <= 1000 for value in values):  # NaN is not either
            self.reject("truncations", "must be numbers from 0 to 1000, comma-separated")

    def _check_count(self):
        name, most = "seeds" if self.seeds else "num_images", FORMS[self.form][1]
        if not self.seeds and self.seed + self._number - 1 > MAX_SEED:
            self.reject("seed", f"must leave room for --num_images up to seed {MAX_SEED}")
        count = self.all_seeds.count
        if count > most:
            self.reject(name, f"must be at most {most:,} images in this form (a {self.form})")
        if self.form == "gif":
            if count < 2:
                self.reject(name, "must be at least 2 stops for a .gif")
            if count * self.walk_frames > MAX_FRAMES:
                self.reject("walk_frames", f"times the {count} stops must be at most {MAX_FRAMES:,} frames")


def check_ema_length(config):
    """Refuses an `ema_length` that cannot be made, or that excludes `best`, which has weights of its own.

    Args:
        config: a command's configuration, with `ema_length` and `best`.

    Raises:
        UsageError: it cannot.
    """
    length = config.ema_length
    if length and not SHORTEST <= length <= LONGEST:
        config.reject("ema_length", f"must be 0, or from {SHORTEST} to {LONGEST}")
    if length and config.best:
        config.reject("ema_length", "makes another generator than --best: leave one of them out")
