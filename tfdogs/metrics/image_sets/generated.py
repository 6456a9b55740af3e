"""What a generator draws as images to score, drawn as they are needed."""

import hashlib
import json

import numpy as np

from tfdogs.metrics.image_sets.image_set import ImageSet
from tfdogs.sampling.labels import DATA, UNIFORM


class Generated(ImageSet):
    """Images out of a sampler; image i comes from seed `seed + i`, as everywhere in tfdogs.

    Args:
        sampler: `tfdogs.sampling.sampler.Sampler`.
        num_images: how many, at least 1.
        seed: seed of the first image.
        truncation: None, or over 0: see `tfdogs.models.latents.from_seeds`.
        labels: `tfdogs.sampling.labels.DataLabels`, by which a conditional generator's classes are drawn;
            None: in turn, the class of an image is its seed modulo their number.
        name: what draws them, for people.
    """

    def __init__(self, sampler, num_images, *, seed=0, truncation=None, labels=None, name="generator"):
        self.sampler = sampler
        self.num_images = num_images
        self.name = f"{name}, seeds {seed} to {seed + num_images - 1}"
        if truncation is not None:
            self.name += f", truncation {truncation:g}"
        if sampler.num_classes:
            self.labels = UNIFORM if labels is None else DATA
            self.name += ", classes in turn" if labels is None else ", classes as in the data"
        self._seed, self._truncation, self._rule = seed, truncation, labels

    def content_key(self):
        """Returns a digest of weights, seeds, truncation, counts of labels, and of the first images.

        The first images tell apart networks of equal weights and different layers.
        """
        settings = {
            "latent": [self.sampler.latent, self.sampler.latent_dim],
            "num_classes": self.sampler.num_classes,
            "num_images": self.num_images,
            "seed": self._seed,
            "truncation": self._truncation,
            **({} if self._rule is None else {"counts": self._rule.counts}),
        }
        digest = hashlib.sha256(json.dumps(settings).encode())
        for weight in self.sampler.generator.get_weights():
            digest.update(f"{weight.dtype} {weight.shape}".encode())
            digest.update(np.ascontiguousarray(weight))
        digest.update(next(self.batches(32)))
        return digest.hexdigest()

    def batches(self, batch_size=64, *, indices=None):
        """Yields uint8 arrays [n, H, W, C]."""
        count = self.num_images if indices is None else len(indices)
        for start in range(0, count, batch_size):
            numbers = np.arange(start, min(start + batch_size, count))
            if indices is not None:
                numbers = np.asarray(indices, np.int64)[numbers]
            yield self.sampler.images(self._seed + numbers, labels=self._rule, truncation=self._truncation)
