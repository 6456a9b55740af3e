"""What an export draws, as images to score."""

import hashlib

import numpy as np

from tfdogs.metrics.image_sets import ImageSet
from tfdogs.sampling.labels import DATA, UNIFORM

BATCH = 256  # rows of a request, under every export's limit


class ExportedImages(ImageSet):
    """Images out of a SavedModel's signature `images`, as a server answers; image i is of seed `seed + i`.

    Args:
        client: `tfdogs.serving.client.client.Client` of the export.
        num_images: how many, at least 1.
        seed: seed of the first image.
        fingerprint: the export's, `pipeline.models.model_fingerprints.of_export`.
        name: what draws them, for people.
        labels: `tfdogs.sampling.labels.DataLabels` of a conditional model's classes; None: in turn, the class
            of an image is its seed modulo their number.
    """

    def __init__(self, client, num_images, *, seed, fingerprint, name, labels=None):
        self._client, self._seed, self._fingerprint = client, seed, fingerprint
        self.num_images = num_images
        self.name = f"{name}, seeds {seed} to {seed + num_images - 1}"
        self._rule = labels
        if "label" in client.signature("images").inputs:
            self.labels = UNIFORM if labels is None else DATA
            self.name += ", classes in turn" if labels is None else ", classes as in the data"

    def content_key(self):
        """Returns a digest of the model, seeds, counts of labels, and of the first images."""
        counts = "" if self._rule is None else f" {self._rule.counts}"
        digest = hashlib.sha256(f"{self._fingerprint} {self.num_images} {self._seed}{counts}".encode())
        digest.update(next(self.batches(8)))
        return digest.hexdigest()

    def batches(self, batch_size=64, *, indices=None):
        """Yields uint8 arrays [n, H, W, C]."""
        numbers = np.arange(self.num_images) if indices is None else np.asarray(indices, np.int64)
        size = min(batch_size, BATCH)
        for start in range(0, len(numbers), size):
            seeds = self._seed + numbers[start : start + size]
            yield self._client.images(seeds, labels=None if self._rule is None else self._rule(seeds))
