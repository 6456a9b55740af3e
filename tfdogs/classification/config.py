"""The configuration of `python -m tfdogs.classify`."""

import dataclasses
from pathlib import Path

from tfdogs.config import Config, flag
from tfdogs.errors import UsageError
from tfdogs.sampling.config import TRUNCATION_HELP
from tfdogs.training.flags.run import POLICIES


@dataclasses.dataclass(frozen=True)
class ClassifyConfig(Config):
    """Everything that decides a study; `OUT/config.json` is its dump.

    Raises:
        UsageError: a value out of range, or flags that exclude each other.
    """

    data_dir: str = flag(
        "Real images: prepared data with classes and an eval split, as tfdogs.prepare leaves it.",
        run_control=True,
    )
    output_dir: str = flag("The study's folder; a study that is in it is continued.", run_control=True)
    fakes: str = flag(
        "Generated images of every class, or of every one of --synthetic_classes, CLASS=PATH,CLASS=PATH: a "
        "run of tfdogs.train, or a folder, .tar, .tar.gz or .zip of pictures, a .npy or .npz of uint8 "
        "[N, H, W, C], or a data_dir.",
        default="",
    )
    gan_flagfile: str = flag(
        "Instead of --fakes: train one GAN for each such class by this flagfile of tfdogs.train, or by "
        "several, comma-separated, such as a recipe and its small version: of a flag given twice the last "
        "counts.",
        default="",
    )
    gan_kimg: float = flag(
        "Thousands of images to show each GAN; 0: what --gan_flagfile says.", default=0.0, lower=0.0
    )
    gan_seconds: float = flag(
        "Time to train each GAN, less if it is done before; 0: no limit.", default=0.0, lower=0.0
    )
    truncation: float = flag(
        f"Where runs or GANs draw. {TRUNCATION_HELP}",
        default=0.0,
        lower=0.0,
        upper=1000.0,
    )
    synthetic_fraction: str = flag(
        "Shares of generated images to train on, comma-separated, each from 0 to 1.",
        default="0,0.25,0.5,0.85,1",
        run_control=True,
    )
    synthetic_classes: str = flag(
        "The classes that --synthetic_fraction is of, comma-separated; empty: all. The others' training "
        "images stay real, need neither --fakes nor a GAN, and no generated images of them are tested on.",
        default="",
    )
    seeds: int = flag(
        "Networks trained for every share; they differ in weights, order, and choice of images.",
        default=3,
        lower=1,
        upper=1000,
        run_control=True,
    )
    images_per_class: int = flag(
        "Images of every class to train on, real and generated together; 0: as many as the smallest class "
        "has real ones.",
        default=0,
        lower=0,
    )

    width: float = flag(
        "Factor on the channels of every layer of GoogLeNet; 1 is the paper's.",
        default=1.0,
        lower=0.01,
        upper=4.0,
    )
    batch_norm: bool = flag("BatchNorm after every convolution.", default=True)
    dropout: float = flag("Share of the last features that training drops.", default=0.4, lower=0, upper=0.99)
    epochs: int = flag("Times that a network sees every image.", default=10, lower=1)
    batch_size: int = flag("Images a step.", default=64, lower=1)
    learning_rate: float = flag(
        "Adam's at the start; it falls to 0 along half a cosine.", default=1e-3, lower=0.0
    )
    flip: bool = flag("Mirror every second image, anew in every epoch.", default=True)
    early_points: int = flag(
        "Tests within the first epoch, evenly spread; after it there is one an epoch.", default=8, lower=1
    )
    precision: str = flag("Arithmetic of the network.", default="float32", choices=POLICIES)
    dry_run: bool = flag(
        "Print the plan, measured speed and ETA; train nothing, write nothing.",
        default=False,
        run_control=True,
    )

    def __post_init__(self):
        super().__post_init__()
        for name in ("data_dir", "output_dir"):
            if not getattr(self, name).strip():
                self.reject(name, "must not be empty")
        fractions = self.fractions
        if self.fakes and self.gan_flagfile:
            received = f"--fakes={self.fakes} --gan_flagfile={self.gan_flagfile}"
            raise UsageError(f"at most one of --fakes and --gan_flagfile may be given. Received: {received}")
        if not (self.fakes or self.gan_flagfile) and any(fractions):
            self.reject("synthetic_fraction", "over 0 needs --fakes or --gan_flagfile")
        if self.fakes:
            self._parse_fakes()
        self._check_synthetic_classes()
        if "" in self.gan_flagfiles:
            self.reject("gan_flagfile", "must be files parted by commas")
        for path in self.gan_flagfiles:
            if not Path(path).is_file():
                self.reject("gan_flagfile", f"must be files of flags for tfdogs.train, and {path} is none")
        for name in ("gan_kimg", "gan_seconds"):
            if getattr(self, name) and not self.gan_flagfile:
                self.reject(name, "goes with --gan_flagfile only")
        if 0 < self.gan_seconds < 1:  # nothing would be trained, and nothing could be drawn
            self.reject("gan_seconds", "must be 0 or at least 1")
        if self.truncation and not (self.fakes or self.gan_flagfile):
            self.reject("truncation", "goes with --fakes or --gan_flagfile only")
        if not self.learning_rate:
            self.reject("learning_rate", "must be over 0")

    @property
    def fractions(self):
        """The shares of `synthetic_fraction`, floats, ascending.

        Raises:
            UsageError: it is made in another way.
        """
        try:
            found = [float(part) for part in self.synthetic_fraction.split(",")]
        except ValueError:
            found = [-1.0]
        if not all(0 <= share <= 1 for share in found) or len(set(found)) < len(found):
            self.reject("synthetic_fraction", "must be different shares from 0 to 1, such as 0,0.5,1")
        return tuple(sorted(found))

    @property
    def gan_flagfiles(self):
        """The files of `gan_flagfile`, a tuple of str, in order; empty where there are none."""
        return tuple(part.strip() for part in self.gan_flagfile.split(",")) if self.gan_flagfile else ()

    @property
    def fake_paths(self):
        """`fakes` as a dict from a class's name to its path; empty where there are none."""
        return self._parse_fakes() if self.fakes else {}

    def mixed_classes(self, classes):
        """Returns the names of the classes that generated images are mixed into, a tuple in the data's order.

        It is empty with neither `fakes` nor `gan_flagfile`.

        Args:
            classes: names of the data's classes, by label.

        Raises:
            UsageError: `synthetic_classes` has another one.
        """
        if not (self.fakes or self.gan_flagfile):
            return ()
        wanted = self._synthetic_names or classes
        if not set(wanted) <= set(classes):
            self.reject("synthetic_classes", f"must be of the data_dir's classes: {', '.join(classes)}")
        return tuple(name for name in classes if name in wanted)

    @property
    def _synthetic_names(self):
        return [name.strip() for name in self.synthetic_classes.split(",")] if self.synthetic_classes else []

    def _check_synthetic_classes(self):
        names = self._synthetic_names
        if "" in names or len(set(names)) < len(names):
            self.reject("synthetic_classes", "must be different classes parted by commas")
        if names and not (self.fakes or self.gan_flagfile):
            self.reject("synthetic_classes", "goes with --fakes or --gan_flagfile only")

    def _parse_fakes(self):
        found = {}
        for part in self.fakes.split(","):
            name, _, path = (piece.strip() for piece in part.partition("="))
            if not (name and path) or name in found:
                self.reject("fakes", "must be CLASS=PATH, parted by commas, every class once")
            found[name] = path
        return found
