"""Images and their nearest neighbours, side by side."""

import numpy as np


def take(images, indices):
    """Reads some images of a set in one pass over it.

    Args:
        images: `tfdogs.metrics.image_sets.image_set.ImageSet`.
        indices: their numbers, ints [n], in any order; repeated ones are read once.

    Returns:
        List of n uint8 arrays [H, W, C], in the order of `indices`.
    """
    wanted, places = np.unique(np.asarray(indices, np.int64), return_inverse=True)
    read = [image for batch in images.batches(indices=wanted) for image in batch]
    return [read[place] for place in places]


def nearest_pairs(distances, indices, count):
    """Finds the fakes that are nearest to a training image.

    Args:
        distances: float [N], each fake's distance to its nearest training image; infinite where it has none.
        indices: int [N], which one that is.
        count: most pairs.

    Returns:
        List of (fake's number, training image's number, distance), nearest first; of fakes that share their
        training image only the nearest is taken, so that one memorized image does not fill the list.
    """
    distances, indices = np.asarray(distances).reshape(-1), np.asarray(indices).reshape(-1)
    order = np.argsort(distances, kind="stable")
    order = order[np.isfinite(distances[order])]
    _, first = np.unique(indices[order], return_index=True)
    chosen = order[np.sort(first)][:count]
    return [(int(fake), int(indices[fake]), float(distances[fake])) for fake in chosen]
