"""The R2 penalty."""

from tfdogs.losses.regularizer import register
from tfdogs.losses.slope_penalty import SlopePenalty


@register
class R2(SlopePenalty):
    """gamma / 2 * E[|grad D(x)|^2] on generated images.

    Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", equation 9.

    Args:
        gamma: strength; default 10.
        before_augmentation: see `SlopePenalty`.
        interval: see `Regularizer`.
        schedule: see `Regularizer`.
    """

    name = "r2"

    def __call__(self, discriminate, reals, fakes, noise):
        return self.penalty(discriminate, fakes)
