"""The gradient penalty of DRAGAN."""

import tensorflow as tf

from tfdogs.losses.gradient_penalty import squared_distance_from
from tfdogs.losses.regularizer import Regularizer, register


@register
class DRAGAN(Regularizer):
    """weight * E[(|grad D(x)| - 1)^2] around the reals.

    Kodali et al. 2017, "On Convergence and Stability of GANs", section 2.4. The neighbourhood is that of the
    authors' code: a random point on the line from a real image to itself plus `spread` * std * U[0, 1), where
    std is the standard deviation of all pixels of the batch (of a replica's part of it).

    Args:
        weight: lambda; default 10.
        spread: size of the neighbourhood, in standard deviations; default 0.5.
        interval: see `Regularizer`.
        schedule: see `Regularizer`.
    """

    name = "dragan"
    reads_fakes = False

    def __init__(self, weight=10.0, *, spread=0.5, interval=1, schedule=None):
        super().__init__(interval, schedule=schedule)
        self.weight, self.spread = float(weight), float(spread)

    def __call__(self, discriminate, reals, fakes, noise):
        offsets = self.spread * tf.math.reduce_std(reals) * noise.fold(0).uniform(tf.shape(reals))
        t = noise.fold(1).uniform([tf.shape(reals)[0], 1, 1, 1])
        return self.weight * squared_distance_from(1.0, discriminate, reals + t * offsets)

    def get_config(self):
        return {"weight": self.weight, "spread": self.spread, **super().get_config()}
