"""Scores fakes against a reference."""

import contextlib
import time

from tfdogs.errors import UsageError
from tfdogs.metrics import scores
from tfdogs.metrics.comparison import Comparison
from tfdogs.metrics.evaluation import Evaluation, Nearest, describe
from tfdogs.metrics.extraction import extract
from tfdogs.metrics.feature_set import FeatureSet
from tfdogs.metrics.image_sets.arrays import Arrays
from tfdogs.metrics.image_sets.image_set import ImageSet
from tfdogs.metrics.reference import Reference
from tfdogs.metrics.steps import slow


class Evaluator:
    """Computes scores from features that were extracted once.

    Example, from two uint8 arrays [N, H, W, C] to the table of all scores:

        extractor = tfdogs.metrics.extractors.get("efficientnet_lite0")
        print(Evaluator(extractor, reals).evaluate(fakes).table())

    With features that are kept on disk, and images of a data_dir:

        reals = FeatureCache().features(open_images("data/dogs64", flag="data_dir"), extractor)
        evaluator = Evaluator(extractor, Reference(reals), metrics=["fid", "kid"])

    Args:
        extractor: `Extractor` of the fakes' and the reals' features.
        reference: `Reference`; or the real images: their `FeatureSet`, or an `ImageSet` or a uint8 array
            [N, H, W, C], whose features are then extracted and kept in memory.
        metrics: names in `tfdogs.metrics.scores.NAMES`; default: all that the extractor, the reference and
            the numbers of images allow, and the evaluation says why the others are left out.
        seed: of halves, blocks and subsets; default 0.
        bootstrap: whether to estimate FID's error, see `tfdogs.metrics.fid_error`: 0 for no, 2 or more for
            yes, whatever the number, which once was a bootstrap's rounds. Default 10.
        per_image: whether an evaluation has each fake's realism and nearest real image. Default True;
            otherwise it has the nearest ones where a score took them.
        verbose: whether to say on stderr which score is at work where one takes over 5 seconds; default
            False.

    Raises:
        UsageError: an unknown metric, one that cannot be computed with this extractor or reference, or a
            reference of another extractor.
    """

    def __init__(
        self,
        extractor,
        reference,
        *,
        metrics=None,
        seed=0,
        bootstrap=10,
        per_image=True,
        verbose=False,
    ):
        if bootstrap < 0 or bootstrap == 1:
            raise UsageError(f"bootstrap must be 0, or at least 2 rounds. Received: {bootstrap}")
        self.metrics = None if metrics is None else check(metrics)
        refuse(self.metrics, lambda name: lacking(name, extractor))  # before work
        if not isinstance(reference, Reference):
            reference = Reference(_features(reference, extractor))
        if reference.stamp != extractor.stamp:
            raise UsageError(
                f"{reference.name} was made with {describe(reference.stamp)}, "
                f"the extractor is {describe(extractor.stamp)}"
            )
        self.extractor = extractor
        self.reference = reference
        self._seed, self._bootstrap, self._per_image = seed, bootstrap, per_image
        self._step = slow if verbose else contextlib.nullcontext
        refuse(self.metrics, self._lack)

    def evaluate(self, fakes):
        """Scores fakes.

        Args:
            fakes: a `FeatureSet` of the same extractor; or an `ImageSet` or a uint8 array [N, H, W, C], whose
                features are then extracted and kept in memory as long as the evaluation takes.

        Returns:
            An `Evaluation`.

        Raises:
            UsageError: features of another extractor, or too few images for a metric that was asked for by
                name, or for any.
            TfdogsError: an image cannot be read, or a feature is not finite.
        """
        begin = time.perf_counter()
        fakes = _features(fakes, self.extractor)
        if fakes.stamp != self.extractor.stamp:
            raise UsageError(
                f"the fakes' features were made with {describe(fakes.stamp)}, "
                f"the reference's with {describe(self.extractor.stamp)}"
            )
        both = Comparison(fakes, self.reference, seed=self._seed, bootstrap=self._bootstrap)
        found, left_out = [], {}
        for name in self.metrics or scores.NAMES:
            reason = self._lack(name) or unknown(name, fakes)
            if not reason:
                try:
                    with self._step(name):
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
        realism, nearest = None, both.known("neighbours")
        if self._per_image and fakes.pool is not None and self.reference.features is not None:
            with self._step("realism and neighbours"):
                nearest = both.neighbours
                with contextlib.suppress(ValueError):  # too few reals
                    realism = both.realism
        return Evaluation(
            scores=tuple(found),
            stamp=fakes.stamp,
            fakes=fakes.name,
            reals=self.reference.name,
            num_fakes=len(fakes),
            num_reals=self.reference.num_images,
            seconds=round(time.perf_counter() - begin, 3),
            left_out=left_out,
            breeds=both.known("breeds"),
            realism=realism,
            nearest=None if nearest is None else Nearest(*nearest),
            labels=fakes.labels,
        )

    def _lack(self, name):
        """Returns why a metric cannot be computed whatever the fakes are, or ""."""
        if "reals" in scores.METRICS[name].needs and self.reference.features is None:
            return f"needs real images, and {self.reference.name} is known by its moments only"
        return lacking(name, self.extractor)


def lacking(name, extractor):
    """Tells why a metric cannot be computed with an extractor, whatever the images are.

    Args:
        name: one of `tfdogs.metrics.scores.NAMES`.
        extractor: `Extractor`.

    Returns:
        A clause such as "needs class probabilities, and Mine has none"; empty where nothing is lacking.
    """
    needs, label = scores.METRICS[name].needs, extractor.stamp.label
    if "probabilities" in needs and not extractor.num_classes:
        return f"needs class probabilities, and {label} has none"
    if "imagenet" in needs and not extractor.imagenet:
        return f"needs ImageNet's classes, and {label} has not got them"
    return ""


def unknown(name, fakes):
    """Tells why a metric cannot be computed of fakes: a clause as of `lacking`, or "".

    Args:
        name: one of `tfdogs.metrics.scores.NAMES`.
        fakes: `FeatureSet`.
    """
    if fakes.pool is None and "fakes" in scores.METRICS[name].needs:
        return f"needs the fakes' features, and {fakes.name} is known by its moments only"
    return ""


def refuse(metrics, lack):
    """Refuses metrics that cannot be computed.

    Args:
        metrics: names, or None, of which none is refused.
        lack: name -> why it cannot be computed, or "".

    Raises:
        UsageError: there is one.
    """
    for name in metrics or ():
        if lack(name):
            raise UsageError(f"the metric {name} {lack(name)}. Received: {', '.join(metrics)}")


def _features(images, extractor):
    """Returns the `FeatureSet` of a `FeatureSet`, an `ImageSet` or an array."""
    if isinstance(images, FeatureSet):
        return images
    return extract(images if isinstance(images, ImageSet) else Arrays(images), extractor)


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
