"""The configuration of `python -m tfdogs.generate`."""

import dataclasses
from pathlib import Path

from tfdogs.config import Config, flag
from tfdogs.sampling.seeds import MAX_SEED, Seeds

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
    num_images: int = flag("Number of images; 0: 64, or 8 stops of a .gif.", default=0, lower=0)
    seed: int = flag("Seed of the first image; image i has seed + i.", default=0, lower=0, upper=MAX_SEED)
    seeds: str = flag(
        "Exactly these seeds, such as 1,5,9-12, instead of --seed and --num_images.", default=""
    )
    truncation: float = flag(
        "Cut-off of the latents' distribution, in standard deviations (normal) or as a share of the range "
        "(uniform): smaller is less varied and more regular; 0: none.",
        default=0.0,
        lower=0.0,
        upper=1000.0,
    )
    label: str = flag(
        "Class, by name or index, for a conditional model; empty: all classes in turn.", default=""
    )
    best: bool = flag(
        "Draw with the generator that scored best in training with --eval_kimg, not with the newest.",
        default=False,
    )
    columns: int = flag("Images in a row of the .png grid; 0: near square.", default=0, lower=0)
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
        for name, form in (("columns", "png"), ("walk_frames", "gif"), ("fps", "gif")):
            if self.form != form and getattr(self, name) != getattr(type(self), name):
                self.reject(name, f"goes with an --output that ends in .{form} only, not with {self.output}")
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
        return Seeds.first(self.seed, self.num_images or FORMS[self.form][0])

    def _check_count(self):
        name, most = "seeds" if self.seeds else "num_images", FORMS[self.form][1]
        if not self.seeds and self.seed + (self.num_images or FORMS[self.form][0]) - 1 > MAX_SEED:
            self.reject("seed", f"must leave room for --num_images up to seed {MAX_SEED}")
        count = self.all_seeds.count
        if count > most:
            self.reject(name, f"must be at most {most:,} images in this form (a {self.form})")
        if self.form == "gif":
            if count < 2:
                self.reject(name, "must be at least 2 stops for a .gif")
            if count * self.walk_frames > MAX_FRAMES:
                self.reject("walk_frames", f"times the {count} stops must be at most {MAX_FRAMES:,} frames")
