"""The R1 penalty."""

from tfdogs.losses.regularizer import register
from tfdogs.losses.slope_penalty import SlopePenalty


@register
class R1(SlopePenalty):
    """gamma / 2 * E[|grad D(x)|^2] on real images.

    Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", equation 9.

    Args:
        gamma: strength; default 10.
        before_augmentation: see `SlopePenalty`.
        interval: see `Regularizer`.
        schedule: see `Regularizer`.
    """

    name = "r1"
    reads_fakes = False

    def __call__(self, discriminate, reals, fakes, noise):
        return self.penalty(discriminate, reals)
