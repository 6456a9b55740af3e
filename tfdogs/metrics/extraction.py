"""From an image set to its features, with a progress bar."""

import numpy as np

from tfdogs.errors import TfdogsError
from tfdogs.metrics.feature_set import FeatureSet
from tfdogs.metrics.image_sets.subset import Subset
from tfdogs.progress import Progress

_BATCH = 64  # images read at once; features do not depend on it


def extract(image_set, extractor, *, num_images=None, seed=0):
    """Extracts features into memory; `tfdogs.metrics.feature_cache.FeatureCache` keeps them on disk.

    Args:
        image_set: `ImageSet`.
        extractor: `Extractor`.
        num_images: how many of the images, drawn without replacement where the set has more; None for all.
        seed: of that draw.

    Returns:
        A `FeatureSet`.

    Raises:
        TfdogsError: an image cannot be read, or a feature is not finite.
    """
    images = Subset.draw(image_set, num_images, seed=seed)
    pool = np.empty((images.num_images, extractor.num_features), np.float32)
    probabilities = None
    if extractor.num_classes:
        probabilities = np.empty((images.num_images, extractor.num_classes), np.float32)
    done = 0
    for features in stream(images, extractor):
        rows = slice(done, done + len(features.pool))
        pool[rows] = features.pool
        if probabilities is not None:
            probabilities[rows] = features.probabilities
        done = rows.stop
    return FeatureSet(
        pool,
        probabilities,
        stamp=extractor.stamp,
        name=images.name,
        image_set=images,
        indices=getattr(images, "indices", None),
    )


def stream(images, extractor):
    """Yields the `Features` of an image set in order, so many rows in all as it has images.

    Raises:
        TfdogsError: an image cannot be read, a feature is not finite, or there are more or fewer images than
            the set said.
    """
    done = 0
    with Progress("extract", images.num_images) as progress:
        for features in extractor.extract(images.batches(_BATCH)):
            done += len(features.pool)
            if done > images.num_images:
                break
            yield features
            progress(len(features.pool))
    if done != images.num_images:
        raise TfdogsError(f"{images.name} no longer has the {images.num_images:,} images it was opened with")
