"""The Inception score, of any classifier."""

import numpy as np

from tfdogs.metrics.checks import check_shape, probability_blocks
from tfdogs.metrics.estimate import Estimate


def inception_score(probabilities, *, splits=10, order=None):
    """exp of the mean KL divergence of p(y|x) from p(y): 1 for images all alike, K for K classes drawn well.

    Salimans et al. 2016, "Improved Techniques for Training GANs", section 4. It knows nothing of the reals.

    Args:
        probabilities: p(y|x) [N, K], rows that sum to 1, in the order in which the images were drawn.
        splits: parts, each scored by itself; default 10, the custom with 50,000 images. The fewer images a
            part has, the lower it scores.
        order: int [N], in which order instead: a permutation of the rows' numbers, where files come sorted.

    Returns:
        `Estimate`: mean over the parts, and as is the custom their standard deviation (not the mean's error),
        None where there is one part.

    Raises:
        ValueError: these are no probabilities, or a part has fewer than 2 images.
    """
    probabilities = check_shape(probabilities, "probabilities")
    if splits < 1 or len(probabilities) < 2 * splits:
        raise ValueError(
            f"splits must be at least 1 and leave 2 images for each. "
            f"Received: {splits} splits, {len(probabilities)} images"
        )
    order = np.arange(len(probabilities)) if order is None else np.asarray(order)
    scores = [_score(probabilities, part) for part in np.array_split(order, splits)]
    return Estimate(float(np.mean(scores)), float(np.std(scores)) if splits > 1 else None)


def _score(probabilities, part):
    total, entropies = 0.0, 0.0
    for rows in probability_blocks(probabilities, order=part):
        total = total + rows.sum(axis=0)
        entropies += entropy(rows).sum()
    return float(np.exp(entropy(total / len(part)) - entropies / len(part)))


def entropy(probabilities):
    """Returns the entropies, in nats, of distributions on the last axis; 0 log 0 is 0."""
    logs = np.log(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
    return -np.sum(probabilities * logs, axis=-1)
