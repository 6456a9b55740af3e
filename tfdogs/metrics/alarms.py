"""Alarms over fakes that were scored: they are copies of real images, or few images over and over."""

from tfdogs.metrics import collapse, memorization
from tfdogs.metrics.neighbours import nearest

FEWEST = 50  # images of either side under which nothing is said of collapse
_FEWEST_COPIES = 10  # fakes; of fewer unseen images, too, one often lies near a real one


def find(evaluation, fakes, reals, *, heldout=None, imagenet=False):
    """Judges fakes by the rules of `tfdogs.metrics.memorization.judge` and `tfdogs.metrics.collapse.judge`.

    Args:
        evaluation: `Evaluation` of these fakes; what it has found already is not computed again.
        fakes: `FeatureSet`; fewer than 10 are not judged, fewer than 50 not for collapse.
        reals: `FeatureSet` of the training images; fewer than 50 do not allow a judgement.
        heldout: features [M, D] of real images that are not among `reals`; None, or fewer than 50: how far
            unseen images lie from `reals` is taken from their distances to each other.
        imagenet: whether the probabilities are of ImageNet's classes, in their usual order.

    Returns:
        Tuple of sentences; empty where all is well.
    """
    found = []
    if len(fakes) >= _FEWEST_COPIES:
        natural = memorization.natural_distances(reals.pool, heldout)
        reason = _copies(evaluation, fakes, reals, natural) if len(natural) >= memorization.FEWEST else ""
        if reason:
            found.append(f"the fakes copy training images: {reason}")
    if min(len(fakes), len(reals)) >= FEWEST:
        breeds = imagenet and (evaluation.breeds or True)
        sides = collapse.spread(fakes, breeds=breeds), collapse.spread(reals, breeds=imagenet)
        reasons = collapse.judge(*sides)
        if reasons:
            found.append(f"the fakes have collapsed: {'; '.join(reasons)}")
    return tuple(found)


def _copies(evaluation, fakes, reals, natural):
    """Returns why the fakes are copies, or ""."""
    if evaluation.nearest is None:
        distances = nearest(fakes.pool, reals.pool)[0]
    else:
        distances = evaluation.nearest.distances
    verdict = memorization.judge(distances, natural)
    return "" if verdict is None else verdict.reason
