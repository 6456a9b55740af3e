"""The random numbers of one call of an augmentation."""

import tensorflow as tf


class Draws:
    """Numbers one an image, anew at each call, as a function of a step's noise.

    Args:
        noise: `tfdogs.models.noise.Noise`.
        count: number of images, an int32 scalar.
        p: probability with which `sometimes` lets an operation act; float32 scalar in [0, 1].
    """

    def __init__(self, noise, count, p):
        self._noise = noise
        self._count = count
        self._p = p
        self._used = 0

    def noise(self):
        """Returns a `Noise` of its own."""
        self._used += 1
        return self._noise.fold(self._used)

    def uniform(self, low=0.0, high=1.0):
        """Draws from U[low, high): float32 [N]."""
        return self.noise().uniform([self._count], low, high)

    def normal(self, stddev=1.0):
        """Draws from N(0, stddev^2): float32 [N]."""
        return stddev * self.noise().normal([self._count])

    def sometimes(self, *values, otherwise, p=None):
        """Keeps an image's values with probability `p`, all or none of them.

        Args:
            *values: float32 [N] each.
            otherwise: float that stands for them where they are not kept.
            p: default: the one of the constructor.

        Returns:
            float32 [N], a list of them where there are several values.
        """
        keep = self.uniform() < (self._p if p is None else p)
        kept = [tf.where(keep, value, otherwise) for value in values]
        return kept if len(kept) > 1 else kept[0]

    @property
    def p(self):
        """The constructor's probability."""
        return self._p
