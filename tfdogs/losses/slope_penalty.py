"""The base of R1 and R2."""

import tensorflow as tf

from tfdogs.losses.gradient_penalty import squared_gradient_norms
from tfdogs.losses.regularizer import Regularizer


class SlopePenalty(Regularizer):
    """gamma / 2 * E[|grad D(x)|^2] on images of one kind, which a subclass's `__call__` hands to `penalty`.

    Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", equation 9.

    Args:
        gamma: strength; default 10.
        interval: see `Regularizer`.
        schedule: see `Regularizer`.
    """

    def __init__(self, gamma=10.0, *, interval=1, schedule=None):
        super().__init__(interval, schedule=schedule)
        self.gamma = float(gamma)

    def penalty(self, discriminate, images):
        """Computes it on `images`, float32 [N, H, W, C]: a float32 scalar."""
        return 0.5 * self.gamma * tf.reduce_mean(squared_gradient_norms(discriminate, images))

    def get_config(self):
        return {"gamma": self.gamma, **super().get_config()}
