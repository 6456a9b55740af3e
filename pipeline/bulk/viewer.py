"""Images, and the network that sees them, in one process."""

import numpy as np

from tfdogs.errors import TfdogsError
from tfdogs.metrics import extractors
from tfdogs.metrics.extractors.extractor import Features
from tfdogs.metrics.image_sets import Subset, open_images

_BATCH = 64  # images read at once; features do not depend on it


class Viewer:
    """Opens what a configuration names.

    Args:
        config: `pipeline.bulk.extract_config.ExtractConfig`.

    Attributes:
        whole: all images, a `tfdogs.metrics.image_sets.ImageSet`.
        images: those of them that are wanted.
        extractor: `tfdogs.metrics.extractors.extractor.Extractor`.

    Raises:
        UsageError: there are no such images, or no such network.
        TfdogsError: a file is damaged.
    """

    def __init__(self, config):
        self.whole = open_images(config.images, flag="images", split=config.split)
        self.images = Subset.draw(self.whole, config.num_images or None, seed=config.seed)
        self.extractor = extractors.get(
            config.extractor, path=config.inception_path, input_range=config.extractor_range
        )

    def features(self, span):
        """Returns the `Features` of the images of a `Span`.

        They are the bytes that one process gives which goes through all images, if spans begin at multiples
        of the network's chunk of 32 images; else those of some networks differ in the last bit of a float32.

        Raises:
            TfdogsError: an image cannot be read or is missing, or a feature is not finite.
        """
        where = f"{self.images.name}, from image {span.start} on"
        batches = self.images.batches(_BATCH, indices=np.arange(span.start, span.stop))
        try:
            pools, probabilities = zip(*self.extractor.extract(batches))
        except TfdogsError as e:
            raise TfdogsError(f"{where}: {e}") from e
        pool = np.concatenate(pools)
        if len(pool) != span.count:
            raise TfdogsError(f"{where}: expected {span.count} images, found {len(pool)}")
        return Features(pool, np.concatenate(probabilities) if self.extractor.num_classes else None)
