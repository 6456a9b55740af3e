"""The configuration of `python -m tfdogs.train`."""

import dataclasses

from tfdogs import augment
from tfdogs.config import Config, flag
from tfdogs.losses import NAMES as LOSSES
from tfdogs.metrics import extractors
from tfdogs.models.registry import NAMES as MODELS

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
# The scores that have an error: without one nobody could say whether a generator is better by more than that.
DECIDING = ("fid", "kid", "dog_score")


@dataclasses.dataclass(frozen=True)
class TrainConfig(Config):
    """Everything that decides a training run; `RUN/config.json` is its dump.

    Raises:
        UsageError: a value out of range, or flags that exclude each other.
    """

    data_dir: str = flag("Prepared data, as python -m tfdogs.prepare leaves it.", run_control=True)
    model_dir: str = flag("The run's folder; a run that is there is gone on with.", run_control=True)
    total_kimg: float = flag(
        "Thousands of images to show the discriminator.", default=1000.0, lower=0.001, run_control=True
    )
    seed: int = flag(
        "Seed of weights, latents, data order and augmentation.", default=0, lower=0, upper=2**32 - 1
    )

    model: str = flag("Networks.", default="dcgan", choices=MODELS)
    latent_dim: int = flag("Length of a latent.", default=100, lower=1)
    latent: str = flag(
        "Distribution of latents: N(0, 1) or U[-1, 1).", default="normal", choices=("normal", "uniform")
    )
    conditional: bool = flag("Condition both networks on the class.", default=False)
    g_channels: int = flag(
        "Width of the generator: channels of its last hidden layer (mlp: an eighth of its units).",
        default=64,
        lower=1,
    )
    d_channels: int = flag(
        "Width of the discriminator: channels of its first layer (mlp: an eighth of its units).",
        default=64,
        lower=1,
    )
    d_norm: str = flag("Normalization in dcgan's discriminator.", default="batch", choices=("batch", "none"))

    loss: str = flag("Adversarial loss.", default="non_saturating", choices=LOSSES)
    label_smoothing: float = flag(
        "One-sided: the reals' target is 1 minus this.", default=0.0, lower=0.0, upper=0.49
    )
    gradient_penalty: float = flag(
        "Weight of WGAN-GP's gradient penalty; 0 for none.", default=0.0, lower=0.0
    )
    r1: float = flag("gamma of the R1 penalty; 0 for none.", default=0.0, lower=0.0)
    r1_interval: int = flag("Steps from one R1 penalty to the next.", default=1, lower=1)
    d_steps: int = flag("Discriminator steps to one generator step.", default=1, lower=1)
    augment: str = flag(
        "DiffAugment policy out of brightness, saturation, contrast, color, translation, cutout, "
        "comma-separated; empty for none.",
        default="",
    )
    flip: bool = flag("Mirror every second real image.", default=True)
    batch_size: int = flag("Images in one update of a network.", default=64, lower=1)
    g_lr: float = flag("Adam's learning rate for the generator.", default=2e-4, lower=0.0)
    d_lr: float = flag("Adam's learning rate for the discriminator.", default=2e-4, lower=0.0)
    beta1: float = flag("Adam's beta1, both networks.", default=0.5, lower=0.0, upper=0.9999)
    beta2: float = flag("Adam's beta2, both networks.", default=0.999, lower=0.0, upper=0.999999)
    ema_kimg: float = flag(
        "Half-life of the averaged generator in thousands of images; 0 for none.", default=10.0, lower=0.0
    )

    precision: str = flag("Arithmetic of the networks.", default="float32", choices=PRECISIONS)
    xla: bool = flag("Compile with XLA: for GPUs; several times slower on a CPU.", default=False)
    steps_per_execution: int = flag(
        "Steps to one call into TensorFlow.", default=1, lower=1, run_control=True
    )
    strategy: str = flag(
        "Devices: one, or mirrored over all that are visible; auto: mirrored where there are several GPUs.",
        default="auto",
        choices=("auto", "one", "mirrored"),
    )

    log_kimg: float = flag(
        "Thousands of images from one line of metrics to the next.",
        default=1.0,
        lower=0.001,
        run_control=True,
    )
    sheet_kimg: float = flag(
        "Thousands of images from one sheet of samples to the next; sheets are numbered by it.",
        default=10.0,
        lower=1.0,
        run_control=True,
    )
    checkpoint_kimg: float = flag(
        "Thousands of images from one checkpoint to the next.", default=20.0, lower=0.001, run_control=True
    )
    keep_checkpoints: int = flag("Checkpoints kept, the newest.", default=2, lower=1, run_control=True)
    sheet_columns: int = flag("Columns and rows of a sheet.", default=8, lower=1, upper=64, run_control=True)
    max_wall_seconds: float = flag(
        "Save and stop after this time, without a last evaluation; 0 for no limit.",
        default=0.0,
        lower=0.0,
        run_control=True,
    )

    eval_kimg: float = flag(
        "Thousands of images from one evaluation of the generator to the next; 0 for none.",
        default=0.0,
        lower=0.0,
        run_control=True,
    )
    eval_images: int = flag(
        "Images drawn for an evaluation, against all of the train split.",
        default=2000,
        lower=10,
        run_control=True,
    )
    eval_extractor: str = flag(
        "Network that sees the images: efficientnet_lite0, inception_v3, or the path of a Keras model.",
        default="efficientnet_lite0",
        run_control=True,
    )
    inception_path: str = flag(
        "Weights of inception_v3, a SavedModel of TF-GAN's or a Keras .h5; empty: from TF-Hub.",
        default="",
        run_control=True,
    )
    extractor_range: str = flag(
        "Range of pixels that an --eval_extractor of your own expects; empty: -1_1.",
        default="",
        choices=("", *extractors.INPUT_RANGES),
        run_control=True,
    )
    eval_metrics: str = flag(
        "Scores of an evaluation, comma-separated, as --metrics of tfdogs.evaluate; the default's take less "
        "time than drawing and looking at 2,000 images does.",
        default="fid,kid,mifid,dog_score,breeds",
        run_control=True,
    )
    best_by: str = flag(
        "The score by which the best generator is kept and --early_stop judges, which is one with an error: "
        "only by more than that is a generator better. (KID has one from 1,001 images on, drawn or real.)",
        default="fid",
        choices=DECIDING,
        run_control=True,
    )
    early_stop: int = flag(
        "Stop after so many evaluations in a row without improvement; 0: never.",
        default=0,
        lower=0,
        run_control=True,
    )
    on_alarm: str = flag(
        "When the generator copies training images or collapses: warn, or save, stop and fail.",
        default="warn",
        choices=("warn", "stop"),
        run_control=True,
    )
    cache_dir: str = flag(
        "Where the features of the training images are kept; empty: tfdogs/features in $XDG_CACHE_HOME or "
        "~/.cache.",
        default="",
        run_control=True,
    )

    dry_run: bool = flag(
        "Print configuration, device, data, speed, memory and ETA; train nothing.",
        default=False,
        run_control=True,
    )

    def __post_init__(self):
        super().__post_init__()
        if self.label_smoothing and self.loss in ("hinge", "wasserstein"):
            self.reject("label_smoothing", f"must be 0 with --loss={self.loss}")
        if self.gradient_penalty and self.model == "dcgan" and self.d_norm == "batch":
            self.reject("gradient_penalty", "takes images one by one: it must be 0, or --d_norm=none")
        if self.model == "wgan_gp" and not (self.loss == "wasserstein" and self.gradient_penalty):
            self.reject(
                "model",
                "needs --loss=wasserstein and --gradient_penalty, as configs/wgan_gp_faces64.flags has",
            )
        if self.augment:
            try:
                augment.parse(self.augment)
            except ValueError:
                self.reject("augment", f"must be made of {', '.join(augment.NAMES)}")
        if not self.eval_kimg:
            for name, wants in (("early_stop", self.early_stop), ("on_alarm", self.on_alarm == "stop")):
                if wants:
                    self.reject(name, "needs evaluations: give --eval_kimg")
        if self.eval_kimg:
            self._check_evaluation()
        if self.xla and self.strategy == "mirrored":
            self.reject("xla", "does not go together with --strategy=mirrored")

    def _check_evaluation(self):
        from tfdogs.metrics import scores  # SciPy takes its time, and most runs do without

        if self.inception_path and self.eval_extractor != "inception_v3":
            self.reject("inception_path", "goes with --eval_extractor=inception_v3 only")
        if self.extractor_range and self.eval_extractor in extractors.NAMES:
            self.reject("extractor_range", "goes with an --eval_extractor that is a path only")
        names = self.metric_names
        if not names or not set(names) <= set(scores.NAMES):
            self.reject("eval_metrics", f"must be made of {', '.join(scores.NAMES)}")
        if self.best_by not in names:
            self.reject("best_by", f"needs {self.best_by} among --eval_metrics")

    @property
    def metric_names(self):
        """`eval_metrics` as a tuple."""
        return tuple(name.strip() for name in self.eval_metrics.split(",") if name.strip())
