"""What `python -m tfdogs.prepare` can be told."""

import dataclasses
import os

from tfdogs.config import Config, flag
from tfdogs.data.crops import POLICIES

CHECKS = ("auto", "photos", "basic", "none")


@dataclasses.dataclass(frozen=True)
class PrepareConfig(Config):
    """Flags of the preparation, from a source of pictures to a data_dir.

    The defaults of the thresholds come from looking at Stanford Dogs and at cats and dogs of the same size.
    In contrast placeholders reach 4 and photographs start at 11. Blurred by a Gaussian of 4 % of its side a
    crop has a sharpness of 5 to 24, sharp ones start at 100 (15 where they were enlarged from 32 px): softer
    ones are left to `max_blur`. At 64 px crops are as soft as by 0.3 to 1.4 px, a quarter of them by less
    than 0.53 px. Pairs of the same photograph are up to 13 bits apart and more, those of two dogs 7 bits and
    more; their pixels have a likeness of 0.55 and more, or of less.

    Raises:
        UsageError: a value is illegal, alone or together with another.
    """

    images: str = flag(
        "Pictures: a folder, .tar (also .gz, .bz2, .xz, .zst) or .zip (class folders become labels), "
        "idx:FILE, tfds:NAME or paper_dogs:N."
    )
    output_dir: str = flag("Where the data_dir is made.", run_control=True)
    annotations: str = flag("Boxes: a folder, tar or zip of VOC XML; empty: whole pictures.", default="")
    crop: str = flag("Crop policy.", default="box_square", choices=tuple(POLICIES))
    margin: float = flag(
        "Margin that --crop=box_expand adds on every side, as a share of the box's longer side.",
        default=0.2,
        lower=0.0,
        upper=2.0,
    )
    image_size: int = flag(
        "Height and width of every image, which is square, in pixels.", default=64, lower=16, upper=1024
    )
    channels: int = flag("3 (RGB), 1 (grey) or 0: the source's own.", default=0, choices=(0, 1, 3))
    eval_fraction: float = flag(
        "Share of the source pictures that goes to the eval split.", default=0.05, lower=0.0, upper=0.5
    )
    shard_size: int = flag("Most records in a shard.", default=4096, lower=1, upper=1_000_000)
    seed: int = flag("Seed of the split and of the order of records.", default=0, lower=0, upper=2**63 - 1)
    checks: str = flag(
        "Which crops to reject: `photos` by all the flags below; `basic` leaves out contrast, sharpness and "
        "near duplicates; `none` only what cannot be read; `auto` is photos or basic, as the source is.",
        default="auto",
        choices=CHECKS,
    )
    min_side: int = flag(
        "Crops of a shorter side than this, in pixels of the real picture, are rejected; "
        "0: half the image_size.",
        default=0,
        lower=0,
        upper=4096,
    )
    max_aspect: float = flag(
        "Boxes whose longer side is more than this times the shorter get a narrower crop of that aspect, or "
        "are rejected where their shorter side is under 0.55 times min_side.",
        default=3.0,
        lower=1.0,
        upper=1000.0,
    )
    max_other: float = flag(
        "Crops of which the box of another dog beside covers more than this share are made narrower; where "
        "that does not help they are rejected, but for large dogs and that of a pair which is covered less.",
        default=0.7,
        lower=0.0,
        upper=1.0,
    )
    min_contrast: float = flag(
        "Crops whose luma is on average fewer grey levels (of 255) than this from its median are rejected.",
        default=6.0,
        lower=0.0,
        upper=128.0,
    )
    min_sharpness: float = flag(
        "Crops whose Laplacian at 64 px has a variance below this, in squared grey levels, are rejected.",
        default=25.0,
        lower=0.0,
        upper=100_000.0,
    )
    max_blur: float = flag(
        "Crops are rejected that are as soft as by a Gaussian of more than this many pixels (sigma) of the "
        "training image; 0: as many as a blur of 0.85 px makes of a sharp crop of the data; -1: none are.",
        default=0.0,
        lower=-1.0,
        upper=100.0,
    )
    near_duplicate_bits: int = flag(
        "Crops whose 63-bit perceptual hash, or that of their mirror image, is at most this many bits from "
        "an earlier one's are rejected where their pixels confirm it; -1: none are. Among more than some "
        "200,000 crops fewer bits are sought, which is told at the end.",
        default=13,
        lower=-1,
        upper=16,
    )
    reject_greyscale: bool = flag("Reject crops without colour too, whatever --checks says.", default=False)
    workers: int = flag("Worker processes; 0: one a core.", default=0, lower=0, upper=1024, run_control=True)
    overwrite: bool = flag("Replace a data_dir that is already there.", default=False, run_control=True)

    def __post_init__(self):
        super().__post_init__()
        for name in ("images", "output_dir"):
            if not getattr(self, name).strip():
                self.reject(name, "must not be empty")
        if self.crop != "box_expand" and self.margin != type(self).margin:
            self.reject("margin", f"goes with --crop=box_expand only, not with --crop={self.crop}")
        if self.reject_greyscale and self.channels == 1:
            self.reject("reject_greyscale", "would reject everything with --channels=1")

    def resolve(self, source):
        """Returns the configuration with every `auto` and 0 replaced by what it means for `source`.

        Args:
            source: a `tfdogs.data.sources.base.Source`.

        Raises:
            UsageError: `reject_greyscale` with a source of one channel.
        """
        return dataclasses.replace(
            self,
            channels=self.channels or source.channels,
            checks=self.checks if self.checks != "auto" else "photos" if source.photographs else "basic",
            min_side=self.min_side or self.image_size // 2,
            workers=self.workers or cores(),
        )


def cores():
    """Returns the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
