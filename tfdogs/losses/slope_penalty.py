"""The base of R1 and R2."""

import tensorflow as tf

from tfdogs.losses.gradient_penalty import squared_gradient_norms
from tfdogs.losses.regularizer import Regularizer


class SlopePenalty(Regularizer):
    """gamma / 2 * E[|grad D(x)|^2] on images of one kind, which a subclass's `__call__` hands to `penalty`.

    Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", equation 9.

    Args:
        gamma: strength; default 10.
        before_augmentation: whether the gradient is by the images as they were before augmentation, as in
            R3GAN's own code (Huang et al. 2024), and not by those that the discriminator sees; goes with a
            `GAN` only. Default False.
        interval: see `Regularizer`.
        schedule: see `Regularizer`.
    """

    def __init__(self, gamma=10.0, *, before_augmentation=False, interval=1, schedule=None):
        super().__init__(interval, schedule=schedule)
        self.gamma = float(gamma)
        self.before_augmentation = bool(before_augmentation)

    def penalty(self, discriminate, images):
        """Computes it on `images`, float32 [N, H, W, C]: a float32 scalar."""
        if self.before_augmentation:
            slopes = discriminate.slopes_before(images)
            squares = tf.reduce_sum(tf.square(slopes), axis=[1, 2, 3])
        else:
            squares = squared_gradient_norms(discriminate, images)
        return 0.5 * self.gamma * tf.reduce_mean(squares)

    def get_config(self):
        return {"gamma": self.gamma, "before_augmentation": self.before_augmentation, **super().get_config()}
