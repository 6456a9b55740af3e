"""What the networks minimise, what the discriminator sees, and how fast both learn."""

import dataclasses

from tfdogs import augment
from tfdogs.config import Config, flag
from tfdogs.losses import NAMES as LOSSES
from tfdogs.losses import SMOOTHING

UPDATES = ("auto", "alternating", "simultaneous")


@dataclasses.dataclass(frozen=True)
class GameFlags(Config):
    """See the module."""

    loss: str = flag("Adversarial loss.", default="non_saturating", choices=LOSSES)
    label_smoothing: float = flag(
        "One-sided: the reals' target is 1 minus this.", default=0.0, lower=0.0, upper=0.49
    )
    top_k: float = flag(
        "Share of its fakes, those that the discriminator finds best, that the generator learns from in the "
        "end; 1: all.",
        default=1.0,
        lower=0.01,
        upper=1.0,
    )
    top_k_kimg: float = flag(
        "Thousands of images over which the share falls from 1 to --top_k.", default=500.0, lower=0.001
    )

    gradient_penalty: float = flag(
        "Weight of WGAN-GP's gradient penalty; 0 for none.", default=0.0, lower=0.0
    )
    dragan: float = flag("Weight of DRAGAN's gradient penalty; 0 for none.", default=0.0, lower=0.0)
    r1: float = flag("gamma of the R1 penalty, on reals; 0 for none.", default=0.1, former=(0.0,), lower=0.0)
    r1_interval: int = flag("Steps from one R1 penalty to the next.", default=8, former=(1,), lower=1)
    r2: float = flag(
        "gamma of the R2 penalty, on fakes, which costs as much as R1; 0 for none.", default=0.0, lower=0.0
    )
    r2_interval: int = flag("Steps from one R2 penalty to the next.", default=1, lower=1)
    penalty_before_augment: bool = flag(
        "Take R1 and R2 at the images before augmentation, as R3GAN's own code does, and not at those that "
        "the discriminator sees.",
        default=False,
    )
    lecam: float = flag(
        "Weight of the LeCam penalty, which costs next to nothing; 0 for none.", default=0.0, lower=0.0
    )
    lecam_start_kimg: float = flag(
        "Thousands of images before the LeCam penalty sets in.", default=0.0, lower=0.0
    )
    consistency: float = flag(
        "Weight of balanced consistency (bCR), on reals and on fakes, at the price of two more passes of the "
        "discriminator; 0 for none.",
        default=0.0,
        lower=0.0,
    )
    g_orthogonal: float = flag(
        "Weight of the orthogonal penalty on the generator (BigGAN: 1e-4); not for stylegan2 and "
        "r3gan; 0 for none.",
        default=0.0,
        lower=0.0,
    )
    d_orthogonal: float = flag(
        "Weight of the orthogonal penalty on the discriminator; not for stylegan2 and r3gan; 0 for none.",
        default=0.0,
        lower=0.0,
    )
    path_length: float = flag(
        "stylegan2: weight of the path length penalty (the paper's: 2); 0 for none.", default=0.0, lower=0.0
    )
    path_length_interval: int = flag("Steps from one path length penalty to the next.", default=4, lower=1)

    d_steps: int = flag("Discriminator steps to one generator step.", default=1, lower=1)
    updates: str = flag(
        "alternating: the generator learns from the discriminator after its update; simultaneous: from what "
        "it said before, which spares a pass of it; auto: simultaneous unless loss, model, penalties, "
        "--top_k or float16 rule it out; config.json keeps what was chosen, and a resumed run stays with it.",
        default="auto",
        choices=UPDATES,
    )
    augment: str = flag(
        "What the discriminator sees: DiffAugment's brightness, saturation, contrast, color, translation, "
        "cutout, comma-separated; ada, or parts of it as ada:blit,geometry,color; auto: by the number of "
        "training images; empty: as it is.",
        default="auto",
        former=("",),
    )
    ada_target: float = flag(
        "ada: its strength p follows the mean sign of the discriminator's outputs on real images: it rises "
        "where that is above this value, and falls where it is below.",
        default=0.6,
        lower=-1.0,
        upper=1.0,
    )
    ada_kimg: float = flag(
        "ada: thousands of images in which p can go from 0 to 1; 0: p stays at an --ada_p over 0.",
        default=500.0,
        lower=0.0,
    )
    ada_p: float = flag("ada: the p that training begins with.", default=0.0, lower=0.0, upper=1.0)
    ada_p_end: float = flag(
        "ada, with --ada_kimg=0: p follows half a cosine from --ada_p to this over --schedule_kimg, as "
        "R3GAN's does; 0: no schedule.",
        default=0.0,
        lower=0.0,
        upper=1.0,
    )
    instance_noise: float = flag(
        "Standard deviation of Gaussian noise on all the discriminator sees (images: [-1, 1]); 0: none.",
        default=0.0,
        lower=0.0,
    )
    instance_noise_kimg: float = flag(
        "Thousands of images over which --instance_noise falls to 0; 0: it stays.", default=0.0, lower=0.0
    )
    flip: bool = flag("Mirror every second real image.", default=True)
    balance_classes: bool = flag(
        "Show every class equally often, however many images it has; needs a class for every image. Scores "
        "still compare with the data as it is.",
        default=False,
    )

    batch_size: int = flag("Images in one update of a network.", default=16, former=(64,), lower=1)
    g_lr: float = flag(
        "Adam's learning rate for the generator.", default=5e-4, former=(2e-4, 1e-3), lower=0.0
    )
    d_lr: float = flag(
        "Adam's learning rate for the discriminator.", default=5e-4, former=(2e-4, 1e-3), lower=0.0
    )
    beta1: float = flag("Adam's beta1, both networks.", default=0.0, former=(0.5,), lower=0.0, upper=0.9999)
    beta2: float = flag(
        "Adam's beta2, both networks.", default=0.99, former=(0.999,), lower=0.0, upper=0.999999
    )
    ema_kimg: float = flag(
        "Half-life of the averaged generator in thousands of images; 0 for none.",
        default=20.0,
        former=(10.0,),
        lower=0.0,
    )
    ema_snapshot_kimg: float = flag(
        "Thousands of images from one snapshot to the next, from which tfdogs.generate "
        "--ema_length makes an average of any length; 0: none.",
        default=0.0,
        lower=0.0,
    )

    schedule_kimg: float = flag(
        "Thousands of images over which learning rates, R1, R2, beta2 and the average's half-life follow "
        "half a cosine to the values below; 0: they stay.",
        default=1800.0,
        former=(0.0, 400.0, 1500.0, 1600.0),
        lower=0.0,
    )
    lr_end: float = flag(
        "Learning rates at its end, as a share of those given.", default=0.1, former=(1.0, 0.2), lower=0.0
    )
    penalty_end: float = flag("R1 and R2 at its end, as a share of those given.", default=1.0, lower=0.0)
    beta2_end: float = flag("Adam's beta2 at its end; 0: as --beta2.", default=0.0, lower=0.0, upper=0.999999)
    ema_start: float = flag(
        "The average's half-life at its beginning, as a share of --ema_kimg, which it ends at.",
        default=1.0,
        lower=0.0,
        upper=1.0,
    )

    def __post_init__(self):
        super().__post_init__()
        if self.label_smoothing and self.loss not in SMOOTHING:
            self.reject("label_smoothing", f"must be 0 with --loss={self.loss}")
        try:
            kind, _ = augment.parse(self.augment)
        except ValueError as e:
            self.reject("augment", str(e).removeprefix("policy ").split(". Received")[0])
        if kind == "ada" and not (self.ada_kimg or self.ada_p or self.ada_p_end):
            self.reject("ada_kimg", "must be over 0, or --ada_p: p would stay at 0 and augment nothing")
        if self.ada_p_end and (self.ada_kimg or not self.schedule_kimg):
            self.reject("ada_p_end", "goes with --ada_kimg=0 and a --schedule_kimg over 0 only")
        if self.penalty_before_augment and not (self.r1 or self.r2):
            self.reject("penalty_before_augment", "needs --r1 or --r2")
        if self.penalty_before_augment and kind == "none":
            self.reject("penalty_before_augment", "needs an augmentation: give --augment")
        for name in ("ada_target", "ada_kimg", "ada_p", "ada_p_end"):
            if kind != "ada" and getattr(self, name) != getattr(type(self), name):
                self.reject(name, f"goes with --augment=ada only, not --augment={self.augment}")
        if self.instance_noise_kimg and not self.instance_noise:
            self.reject(
                "instance_noise_kimg", "must be 0 without --instance_noise: there is no noise to fade"
            )

    @classmethod
    def from_dict(cls, values):
        """Gives a run that was begun before `updates` was there what it had.

        One that was begun with simultaneous updates in float16, which are refused by now, alternates.
        """
        values = {"updates": "alternating", **values}
        if values["updates"] == "simultaneous" and values.get("precision") == "mixed_float16":
            values["updates"] = "alternating"
        return super().from_dict(values)
