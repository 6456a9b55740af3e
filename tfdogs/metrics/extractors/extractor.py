"""The contract between a network that sees images and the scores that compare what it saw."""

import abc
import dataclasses
import hashlib
import re
from pathlib import Path
from typing import NamedTuple, Optional

import numpy as np

from tfdogs.errors import TfdogsError

# TensorFlow is imported where it is used: stamps are read and flags are checked before it is loaded.


class Features(NamedTuple):
    """What an extractor makes of N images.

    Attributes:
        pool: float32 [N, num_features], finite.
        probabilities: float32 [N, num_classes], rows that sum to 1; None where the network has no classes.
    """

    pool: np.ndarray
    probabilities: Optional[np.ndarray]


@dataclasses.dataclass(frozen=True)
class Stamp:
    """What has to be equal for two numbers to be comparable; it goes with every number.

    Attributes:
        extractor: name of the extractor, as `--extractor` knows it; of a user's own model "FILE:RANGE".
        label: name for people, such as "EfficientNet-Lite0".
        weights: first 16 hex digits of the SHA-256 of the weights.
        resizer: how images were brought to `input_size`, one of `tfdogs.metrics.extractors.resizers.NAMES`.
        input_size: height and width of what the network sees, in pixels.
    """

    extractor: str
    label: str
    weights: str
    resizer: str
    input_size: int

    def title(self, metric):
        """Returns a metric's name with the extractor, "FID (EfficientNet-Lite0)".

        Only TF-GAN's own Inception goes without: plain "FID" means that network to everyone.
        """
        plain = (self.extractor, self.label) == ("inception_v3", "Inception")
        return metric if plain else f"{metric} ({self.label})"

    def key(self):
        """Returns a string that is safe in file names and differs wherever features could differ."""
        name = re.sub(r"[^\w.-]", "_", self.extractor)
        return f"{name}-{self.weights}-{self.resizer}-{self.input_size}"

    def to_dict(self):
        """Returns the fields as a plain dict."""
        return dataclasses.asdict(self)


class Extractor(abc.ABC):
    """A network with a resizer before it: uint8 images in, pooled features and class probabilities out.

    An image's features are the same bytes whatever the batch and the position in which it came: each batch is
    resized by itself, and the network always sees chunks of one size, the last one filled up with black.

    A subclass loads its weights, hands what it is to this constructor, and defines `forward`.

    Args:
        stamp: `Stamp`.
        num_features: length of an image's pooled features.
        num_classes: number of classes; 0 where the network has none.
        imagenet: whether the classes are ImageNet-1k's 1000 in their usual order.
        chunk_size: images that the network sees at once.

    Attributes:
        stamp, num_features, num_classes, imagenet: as given.
    """

    def __init__(self, stamp, num_features, num_classes=0, *, imagenet=False, chunk_size=32):
        import tensorflow as tf

        self.stamp = stamp
        self.num_features = num_features
        self.num_classes = num_classes
        self.imagenet = imagenet
        self._chunk_shape = (chunk_size, stamp.input_size, stamp.input_size, 3)
        self._network = tf.function(
            self.forward, input_signature=[tf.TensorSpec(self._chunk_shape, tf.float32)]
        )

    @abc.abstractmethod
    def forward(self, pixels):
        """Runs the network; traced once, as a `tf.function`.

        Args:
            pixels: float32 [n, input_size, input_size, 3] in [0, 255], RGB.

        Returns:
            (pool float32 [n, num_features], probabilities float32 [n, num_classes] or None).
        """

    def extract(self, batches):
        """Yields the features of images, in their order.

        Args:
            batches: iterable of uint8 arrays or tensors [n, H, W, C], C 1 or 3; n, H, W and C may change from
                one to the next. Grey images are repeated to RGB.

        Yields:
            `Features` of some of the images, as many in all as there are images.

        Raises:
            TfdogsError: a feature is NaN or infinite; names the image by its number, from 0.
            ValueError: a batch is no such array.
        """
        from tfdogs.metrics.extractors import resizers

        chunk, filled, done = np.zeros(self._chunk_shape, np.float32), 0, 0
        for batch in batches:
            images = _checked(batch)
            while len(images):
                piece, images = np.split(images, [len(chunk) - filled])
                resized = resizers.resize(self.stamp.resizer, piece, self.stamp.input_size)
                chunk[filled : filled + len(piece)] = resized
                filled += len(piece)
                if filled == len(chunk):
                    yield self._features(chunk, filled, done)
                    filled, done = 0, done + filled
        if filled:
            chunk[filled:] = 0
            yield self._features(chunk, filled, done)

    def __call__(self, images):
        """Returns the `Features` of one array of images; see `extract`. It may be empty."""
        nothing = Features(
            np.zeros((0, self.num_features), np.float32),
            np.zeros((0, self.num_classes), np.float32) if self.num_classes else None,
        )
        pools, probabilities = zip(nothing, *self.extract([images]))
        return Features(np.concatenate(pools), np.concatenate(probabilities) if self.num_classes else None)

    def _features(self, chunk, filled, done):
        pool, probabilities = self._network(chunk)
        pool = pool.numpy()[:filled]
        bad = ~np.isfinite(pool).all(axis=1)
        if probabilities is not None:
            probabilities = probabilities.numpy()[:filled]
            bad |= ~np.isfinite(probabilities).all(axis=1)
        if bad.any():
            raise TfdogsError(
                f"{self.stamp.label} gives NaN or infinite features for image {done + int(bad.argmax())}, "
                "counted from 0"
            )
        return Features(pool, probabilities)


def _checked(batch):
    images = np.asarray(batch)
    legal = images.dtype == np.uint8 and images.ndim == 4 and images.shape[3] in (1, 3)
    if not legal or 0 in images.shape[1:]:
        received = f"{images.dtype} {list(images.shape)}"
        raise ValueError(f"images must be uint8 [N, H, W, C], C 1 or 3. Received: {received}")
    return images


def fingerprint(path):
    """Returns the first 16 hex digits of the SHA-256 of a file, or of a folder's files and their names.

    Raises:
        OSError: a file cannot be read.
    """
    path, digest = Path(path), hashlib.sha256()
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    for file in files:
        if file != path:
            digest.update(f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]


def reason(error):
    """Returns a foreign library's message as one line that is not too long."""
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__} {text}".strip() if isinstance(error, LookupError) or not text else text
