"""Quantities that change with the images seen."""

import math

import keras
import tensorflow as tf


class _Schedule:
    """From `start` to `end` while `kimg` thousand images go by; constant after."""

    def __init__(self, start, end, kimg):
        if not kimg > 0:
            raise ValueError(f"kimg must be over 0. Received: kimg={kimg}")
        self.start, self.end, self.kimg = float(start), float(end), float(kimg)

    def __call__(self, images_seen):
        """Returns the value after `images_seen` images, a float32 scalar."""
        # In float64: float32 counts images up to 16 million only.
        done = tf.minimum(tf.cast(images_seen, tf.float64) / (1000.0 * self.kimg), 1.0)
        return tf.cast(self.start + (self.end - self.start) * self._share(done), tf.float32)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"start": self.start, "end": self.end, "kimg": self.kimg}

    @classmethod
    def from_config(cls, config):
        """Builds it from what `get_config` returned."""
        return cls(**config)


@keras.saving.register_keras_serializable("tfdogs")
class Cosine(_Schedule):
    """Half a cosine from `start` to `end`, constant after.

    As R3GAN does for its learning rates, beta_2, gamma and half-life (Huang et al. 2024, appendix).

    Args:
        start: value before the first image.
        end: value from `kimg` on.
        kimg: thousands of images between them.

    Raises:
        ValueError: `kimg` is not over 0.
    """

    def _share(self, done):
        return 0.5 - 0.5 * tf.cos(math.pi * done)


@keras.saving.register_keras_serializable("tfdogs")
class Linear(_Schedule):
    """A straight line from `start` to `end`, constant after.

    Args:
        start: value before the first image.
        end: value from `kimg` on.
        kimg: thousands of images between them.

    Raises:
        ValueError: `kimg` is not over 0.
    """

    def _share(self, done):
        return done


def value(quantity, images_seen):
    """Returns a number, or a schedule's value after `images_seen` images, as a float32 scalar."""
    return quantity(images_seen) if callable(quantity) else tf.constant(quantity, tf.float32)
