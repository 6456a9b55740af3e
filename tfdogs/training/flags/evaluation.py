"""How a run scores itself while it trains."""

import dataclasses

from tfdogs.config import Config, flag
from tfdogs.metrics import extractors
from tfdogs.sampling.labels import DATA, UNIFORM

# The scores that have an error: without one nobody could say whether a generator is better by more than that.
DECIDING = ("fid", "kid", "dog_score")


@dataclasses.dataclass(frozen=True)
class EvaluationFlags(Config):
    """See the module."""

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
    eval_labels: str = flag(
        "Classes that a --conditional run draws for an evaluation: data, each as often as in the train "
        "split; uniform, all in turn. Empty: data, but a run that was begun keeps what it had, which is "
        "uniform where it was begun before there was this flag.",
        default="",
        choices=("", DATA, UNIFORM),
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

    def __post_init__(self):
        super().__post_init__()
        if self.eval_kimg:
            self._check_evaluation()
            return
        for name, wants in (("early_stop", self.early_stop), ("on_alarm", self.on_alarm == "stop")):
            if wants:
                self.reject(name, "needs evaluations: give --eval_kimg")

    @classmethod
    def from_dict(cls, values):
        """Gives a conditional run that was begun before `eval_labels` was there what it had: all in turn."""
        before = {"eval_labels": UNIFORM} if values.get("conditional") else {}
        return super().from_dict({**before, **values})

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
