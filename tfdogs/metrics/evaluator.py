"""Scores fakes against a reference."""

import contextlib
import time

from tfdogs.errors import UsageError
from tfdogs.metrics import scores
from tfdogs.metrics.comparison import Comparison
from tfdogs.metrics.evaluation import Evaluation, Nearest, describe
from tfdogs.metrics.extraction import extract


class Evaluator:
    """Computes scores from features that were extracted once.

    Example:

        extractor = extractors.get("efficientnet_lite0")
        reals = FeatureCache().features(open_images("data/dogs64", flag="data_dir"), extractor)
        evaluation = Evaluator(extractor, Reference(reals)).evaluate(Arrays(images))
        print(evaluation.table())

    Args:
        extractor: `Extractor` of the fakes' and the reals' features.
        reference: `Reference`.
        metrics: names in `tfdogs.metrics.scores.NAMES`; default: all that the extractor, the reference and
            the numbers of images allow, and the evaluation says why the others are left out.
        seed: of bootstrap, blocks and subsets; default 0.
        bootstrap: rounds of the bootstrap of FID's error; 0 for no error. Default 10.
        per_image: whether an evaluation has each fake's realism and nearest real image. Default True.

    Raises:
        UsageError: an unknown metric, one that cannot be computed with this extractor or reference, or a
            reference of another extractor.
    """

    def __init__(self, extractor, reference, *, metrics=None, seed=0, bootstrap=10, per_image=True):
        if reference.stamp != extractor.stamp:
            raise UsageError(
                f"{reference.name} was made with {describe(reference.stamp)}, "
                f"the extractor is {describe(extractor.stamp)}"
            )
        self.extractor = extractor
        self.reference = reference
        self.metrics = None if metrics is None else check(metrics)
        self._seed, self._bootstrap, self._per_image = seed, bootstrap, per_image
        label, self._lacks = extractor.stamp.label, {}  # need -> why it is not met
        if reference.features is None:
            self._lacks["reals"] = f"needs real images, and {reference.name} is known by its moments only"
        if not extractor.num_classes:
            self._lacks["probabilities"] = f"needs class probabilities, and {label} has none"
        if not extractor.imagenet:
            self._lacks["imagenet"] = f"needs ImageNet's classes, and {label} has not got them"
        for name in self.metrics or ():
            reason = self._lack(name)
            if reason:
                raise UsageError(f"the metric {name} {reason}. Received: {', '.join(self.metrics)}")

    def evaluate(self, fakes):
        """Scores fakes.

        Args:
            fakes: a `FeatureSet` of the same extractor; or an `ImageSet`, whose features are then extracted
                and kept in memory as long as the evaluation takes.

        Returns:
            An `Evaluation`.

        Raises:
            UsageError: features of another extractor, or too few images for a metric that was asked for by
                name, or for any.
            TfdogsError: an image cannot be read, or a feature is not finite.
        """
        begin = time.perf_counter()
        if not hasattr(fakes, "pool"):
            fakes = extract(fakes, self.extractor)
        elif fakes.stamp != self.extractor.stamp:
            raise UsageError(
                f"the fakes' features were made with {describe(fakes.stamp)}, "
                f"the reference's with {describe(self.extractor.stamp)}"
            )
        both = Comparison(fakes, self.reference, seed=self._seed, bootstrap=self._bootstrap)
        found, left_out = [], {}
        for name in self.metrics or scores.NAMES:
            reason = self._lack(name)
            if not reason:
                try:
                    found += scores.METRICS[name].compute(both)
                    continue
                except ValueError as e:
                    reason = " ".join(str(e).split())
            if self.metrics is not None:
                raise UsageError(f"the metric {name} cannot be computed: {reason}")
            left_out[name] = reason
        if not found:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
            raise UsageError(f"there is no metric that can be computed of {fakes.name}: {reasons}")
        realism, nearest = self._look_at_each(both)
        return Evaluation(
            scores=tuple(found),
            stamp=fakes.stamp,
            fakes=fakes.name,
            reals=self.reference.name,
            num_fakes=len(fakes),
            num_reals=self.reference.num_images,
            seconds=round(time.perf_counter() - begin, 3),
            left_out=left_out,
            breeds=both.breeds if "breeds_entropy" in {score.name for score in found} else None,
            realism=realism,
            nearest=nearest,
        )

    def _look_at_each(self, both):
        """Returns the fakes' realism and nearest real images, each None where it cannot be told."""
        if not self._per_image or self.reference.features is None:
            return None, None
        realism = None
        with contextlib.suppress(ValueError):  # too few reals
            realism = both.realism
        return realism, Nearest(*both.neighbours)

    def _lack(self, name):
        """Returns why a metric cannot be computed whatever the fakes are, or ""."""
        return next((self._lacks[need] for need in scores.METRICS[name].needs if need in self._lacks), "")


def check(metrics):
    """Returns names of metrics in the order of `tfdogs.metrics.scores.NAMES`, each once.

    Args:
        metrics: an iterable of names.

    Raises:
        UsageError: one is unknown, or there is none.
    """
    metrics = list(metrics)
    if not metrics or not set(metrics) <= set(scores.NAMES):
        raise UsageError(
            f"metrics must be some of {', '.join(scores.NAMES)}. Received: {', '.join(metrics) or 'none'}"
        )
    return tuple(name for name in scores.NAMES if name in metrics)
