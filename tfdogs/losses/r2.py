"""The R2 penalty."""

import tensorflow as tf

from tfdogs.losses.gradient_penalty import squared_gradient_norms
from tfdogs.losses.regularizer import Regularizer, register


@register
class R2(Regularizer):
    """gamma / 2 * E[|grad D(x)|^2] on generated images.

    Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", equation 9.

    Args:
        gamma: strength; default 10.
        interval: see `Regularizer`.
        schedule: see `Regularizer`.
    """

    name = "r2"

    def __init__(self, gamma=10.0, *, interval=1, schedule=None):
        super().__init__(interval, schedule=schedule)
        self.gamma = float(gamma)

    def __call__(self, discriminate, reals, fakes, noise):
        return 0.5 * self.gamma * tf.reduce_mean(squared_gradient_norms(discriminate, fakes))

    def get_config(self):
        return {"gamma": self.gamma, **super().get_config()}
