"""Some of a set's images."""

import hashlib

import numpy as np

from tfdogs.metrics.image_sets.image_set import ImageSet


class Subset(ImageSet):
    """Some images of another set; image i is the other's image `indices[i]`.

    Args:
        images: the `ImageSet` they are taken from.
        indices: ascending numbers of its images, ints [n].

    Attributes:
        images, indices: as given, `indices` as int64.
    """

    def __init__(self, images, indices):
        self.images = images
        self.indices = np.asarray(indices, np.int64)
        self.name = f"{len(self.indices):,} of {images.name}"
        self.num_images = len(self.indices)
        self.labels = images.labels

    @classmethod
    def draw(cls, images, num_images, *, seed=0):
        """Returns `num_images` images drawn without replacement, or `images` itself where it has no more.

        Args:
            images: an `ImageSet`.
            num_images: how many; None for all.
            seed: decides which, together with the numbers of images; an int, 0 or more.
        """
        if num_images is None or num_images >= images.num_images:
            return images
        generator = np.random.default_rng(seed)
        return cls(images, np.sort(generator.choice(images.num_images, num_images, replace=False)))

    def content_key(self):
        """Returns a digest of the whole set's and the numbers."""
        return hashlib.sha256(self.images.content_key().encode() + self.indices.tobytes()).hexdigest()

    def batches(self, batch_size=64, *, indices=None):
        """Yields the images as the whole set does."""
        wanted = self.indices if indices is None else self.indices[np.asarray(indices, np.int64)]
        return self.images.batches(batch_size, indices=wanted)
