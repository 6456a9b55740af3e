"""The real images of a study, by class."""

import dataclasses

import numpy as np

from tfdogs.data.feed import Feed
from tfdogs.data.manifest import Manifest
from tfdogs.errors import UsageError
from tfdogs.models.googlenet import SMALLEST


@dataclasses.dataclass(frozen=True)
class Reals:
    """Both splits of a data_dir in memory.

    Attributes:
        manifest: its `tfdogs.data.manifest.Manifest`.
        train: by label, uint8 images [N, H, W, C] to learn from.
        test: by label, uint8 images [M, H, W, C] that nothing learns from.
        per_class: images of every class that a network is trained on.
    """

    manifest: Manifest
    train: tuple
    test: tuple
    per_class: int

    @classmethod
    def read(cls, config):
        """Reads `config.data_dir`.

        Args:
            config: `tfdogs.classification.config.ClassifyConfig`.

        Raises:
            UsageError: it is no data_dir, or one that cannot be studied.
            TfdogsError: it is damaged.
        """
        manifest = Manifest.load(config.data_dir)
        if len(manifest.classes) < 2:
            config.reject("data_dir", f"must have at least 2 classes, and it has {len(manifest.classes)}")
        if manifest.image_size < SMALLEST:
            size = manifest.image_size
            config.reject("data_dir", f"must have images of at least {SMALLEST} px, and they have {size}")
        if not ("eval" in manifest.splits and manifest.num_images("eval")):
            config.reject("data_dir", "must have an eval split: prepare it with --eval_fraction over 0")
        train, test = (_by_label(config, manifest, split) for split in ("train", "eval"))
        smallest = min(map(len, train))
        if config.images_per_class > smallest:
            config.reject(
                "images_per_class", f"must be at most {smallest:,}, what the smallest class has real ones"
            )
        return cls(manifest, train, test, config.images_per_class or smallest)

    @property
    def classes(self):
        """Class names, by label."""
        return self.manifest.classes

    @property
    def image_shape(self):
        """(height, width, channels)."""
        return (self.manifest.image_size, self.manifest.image_size, self.manifest.channels)

    @property
    def tests(self):
        """All test images with their labels: uint8 [M, H, W, C] and int32 [M]."""
        return labelled(self.test)


def labelled(by_class, labels=None):
    """Returns images of several classes as one array, uint8 [N, H, W, C], with labels, int32 [N].

    Args:
        by_class: uint8 images [M, H, W, C] of each class.
        labels: the classes' labels, ints; default 0, 1 and so on.
    """
    labels = np.array(range(len(by_class)) if labels is None else labels, np.int32)
    return np.concatenate(by_class), np.repeat(labels, [len(images) for images in by_class])


def _by_label(config, manifest, split):
    feed = Feed(config.data_dir, split=split)
    images, labels = feed.first(feed.num_images)
    if feed.num_unlabelled:
        missing = f"{feed.num_unlabelled} of the {split} split have none"
        config.reject("data_dir", f"must have a class for every image, and {missing}")
    found = tuple(images[labels == label] for label in range(len(manifest.classes)))
    for name, some in zip(manifest.classes, found):
        if not len(some):
            raise UsageError(
                f"--data_dir must have images of every class in both splits, and {name} has none in the "
                f"{split} split. Received: --data_dir={config.data_dir}"
            )
    return found
