"""Real and generated images mixed in a given share."""

import numpy as np

from tfdogs.classification.reals import labelled


def mix(reals, fakes, fraction, *, count, seed=0):
    """Draws a training set of `count` images a class.

    A seed orders real and generated images of a class once: what one share takes of either is also in every
    share that takes more of it, so that shares differ by no more than they must.

    Args:
        reals: by label, uint8 images [N, H, W, C], N at least `count`.
        fakes: label -> generated ones, N at least `count`; a class that has none stays real.
        fraction: share of generated images in the classes that have some, in [0, 1].
        count: images of every class.
        seed: int, 0 or more.

    Returns:
        uint8 images [classes * count, H, W, C] and int32 labels, class after class.
    """
    mixed = []
    for label, images in enumerate(reals):
        num_fakes = int(fraction * count + 0.5) if label in fakes else 0
        parts = [_take(images, count - num_fakes, (seed, label, 0))]
        if num_fakes:
            parts.append(_take(fakes[label], num_fakes, (seed, label, 1)))
        mixed.append(np.concatenate(parts))
    return labelled(mixed)


def _take(images, count, seed):
    return images[np.sort(np.random.default_rng(seed).permutation(len(images))[:count])]
