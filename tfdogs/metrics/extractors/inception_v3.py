"""TF-GAN's Inception: the network of published FIDs and Inception scores."""

import tensorflow as tf

from tfdogs import tfgan
from tfdogs.errors import TfdogsError
from tfdogs.metrics.extractors.extractor import Extractor, Stamp, fingerprint, reason

_FEATURES, _CLASSES = 2048, 1008


class InceptionV3(Extractor):
    """The Inception of 2015-12-05 that TF-GAN publishes: pool_3, 2048 features; logits of 1008 classes.

    The classes are ImageNet's in an order of their own, and 8 that mean nothing; the Inception score counts
    all of them, as TF-GAN's does.

    TF-GAN leaves it to its callers to bring images to 299 pixels; ours are resized by "bilinear", as
    `tf.image.resize` does it by default. The code of the FID paper (Heusel et al. 2017) resized in the graph
    as TensorFlow 1 did, "bilinear_v1". Neither antialiases; the stamp says which it was.

    Args:
        path: folder of the SavedModel; default: TensorFlow Hub's, fetched on first use into its cache
            (`$TFHUB_CACHE_DIR`).

    Raises:
        TfdogsError: it cannot be fetched, is damaged, or is another model.
    """

    def __init__(self, path=""):
        path = path or _fetch()
        try:
            self._classify = tfgan.load_inception(path)
            pool, logits = self.forward(tf.zeros([1, tfgan.INCEPTION_SIZE, tfgan.INCEPTION_SIZE, 3]))
        except Exception as e:  # whatever a foreign model raises
            raise TfdogsError(f"{path} is not TF-GAN's Inception, or it is damaged: {reason(e)}") from e
        if (pool.shape[1], logits.shape[1]) != (_FEATURES, _CLASSES):
            rule = f"it must have {_FEATURES} features and {_CLASSES} classes, found {pool.shape[1]} and"
            raise TfdogsError(f"{path} is not TF-GAN's Inception: {rule} {logits.shape[1]}")
        stamp = Stamp("inception_v3", "Inception", fingerprint(path), "bilinear", tfgan.INCEPTION_SIZE)
        super().__init__(stamp, _FEATURES, _CLASSES, chunk_size=8)

    def forward(self, pixels):
        pool, logits = self._classify(pixels / 127.5 - 1.0)
        return pool, tf.nn.softmax(logits)


def _fetch():
    try:
        return tfgan.fetch_inception()
    except Exception as e:  # of the network, of the archive, of the cache's disk
        raise TfdogsError(
            f"TF-GAN's Inception cannot be fetched ({reason(e)}): download "
            f"{tfgan.INCEPTION_URL}?tf-hub-format=compressed elsewhere, unpack that archive and pass "
            "--inception_path=DIR, or use --extractor=efficientnet_lite0, which needs no connection"
        ) from e
