"""Features that workers have left in files, where an extractor is wanted."""

import zipfile

import numpy as np

from tfdogs.errors import TfdogsError
from tfdogs.metrics.extractors.extractor import Features


class StoredFeatures:
    """Stands for the `Extractor` that made the features, before `FeatureCache`: no image is looked at again.

    Args:
        extractor: the `Extractor`.
        paths: `.npz` files of pool and probabilities, in the images' order.

    Attributes:
        stamp, num_features, num_classes: the extractor's.
    """

    def __init__(self, extractor, paths):
        self.stamp = extractor.stamp
        self.num_features = extractor.num_features
        self.num_classes = extractor.num_classes
        self._paths = tuple(paths)

    def extract(self, batches):
        """Yields `Features`, a file at a time; `batches` is not read.

        Raises:
            TfdogsError: a file is missing or damaged.
        """
        for path in self._paths:
            try:
                with np.load(path) as arrays:
                    found = Features(arrays["pool"], arrays["probabilities"] if self.num_classes else None)
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as e:
                raise TfdogsError(
                    f"{path} is missing or damaged; remove its folder and begin anew ({e})"
                ) from e
            yield found
