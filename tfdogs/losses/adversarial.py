"""Adversarial losses by name: what the discriminator and the generator minimise, given logits."""

import dataclasses
import math
from collections.abc import Callable
from typing import Optional

import tensorflow as tf

from tfdogs import tfgan
from tfdogs.losses import NAMES, SIMULTANEOUS, relativistic


@dataclasses.dataclass(frozen=True)
class AdversarialLoss:
    """A pair of losses over float32 logits [N, 1]; each returns a scalar, the mean over the batch.

    Attributes:
        name: its name.
        discriminator: (real_logits, fake_logits, label_smoothing) -> scalar.
        generator: (fake_logits, real_logits) -> scalar; the second is None but for a relativistic loss.
        probability: logits -> probability of being real, or None where the logit is only a score, such as
            with a relativistic loss, which knows differences only.
        smooths: whether one-sided label smoothing is defined for it.
        relativistic: whether the generator's loss needs the logits of reals, which costs another pass of
            the discriminator; they are constants to it.
        verdict: (real_logits, fake_logits, label_smoothing) -> float32 [N, 1], see `verdicts`; None, the
            default, where D is undecided at a logit of 0, or for a relativistic loss at a difference of 0
            within a pair.
    """

    name: str
    discriminator: Callable
    generator: Callable
    probability: Optional[Callable] = None
    smooths: bool = False
    relativistic: bool = False
    verdict: Optional[Callable] = None

    @property
    def teaches(self):
        """Whether D's step has G's gradient too, see `GAN`'s `simultaneous`; not with a loss of your own."""
        return self is _LOSSES.get(self.name) and self.name in SIMULTANEOUS

    def verdicts(self, real, fake, label_smoothing=0.0):
        """Returns how far D is from being undecided about each real: what ADA takes the sign of.

        Args:
            real: logits of reals, float32 [N, 1].
            fake: logits of as many fakes, float32 [N, 1].
            label_smoothing: that of the discriminator's loss; default 0.

        Returns:
            float32 [N, 1], over 0 where D takes the image for real.
        """
        if self.verdict is not None:
            return self.verdict(real, fake, label_smoothing)
        return _above_its_fake(real, fake, None) if self.relativistic else real


def _above_its_fake(real, fake, _):
    return real - fake


def _above_the_mean_fake(real, fake, _):
    return real - tf.reduce_mean(fake)


# Where fakes look as reals do, D's best answer lies halfway between the targets, 0 and 1 - smoothing.
def _over_even_odds(real, _, smoothing):
    return real - math.log((1 - smoothing) / (1 + smoothing))  # the logit of that half


def _over_half_the_target(real, _, smoothing):
    return real - (1 - smoothing) / 2


def _minimax_generator(fake, _):
    # Not TF-GAN's, which adds the constant log D of a perfect fake.
    return -tf.reduce_mean(tf.nn.softplus(fake))


def _relativistic(name, loss, verdict=_above_the_mean_fake):
    # The generator's is the same, with reals and fakes exchanged.
    return AdversarialLoss(
        name, lambda real, fake, _: loss(real, fake), loss, relativistic=True, verdict=verdict
    )


_LOSSES = {
    loss.name: loss
    for loss in (
        # Goodfellow et al. 2014, equation 1: G minimises log(1 - D(G(z))).
        AdversarialLoss(
            "minimax",
            tfgan.cross_entropy_discriminator,
            _minimax_generator,
            tf.sigmoid,
            smooths=True,
            verdict=_over_even_odds,
        ),
        # The same, section 3: G maximises log D(G(z)).
        AdversarialLoss(
            "non_saturating",
            tfgan.cross_entropy_discriminator,
            lambda fake, _: tfgan.non_saturating_generator(fake),
            tf.sigmoid,
            smooths=True,
            verdict=_over_even_odds,
        ),
        # Lim and Ye 2017, Geometric GAN, equations 13 and 14.
        AdversarialLoss(
            "hinge",
            lambda real, fake, _: tfgan.hinge_discriminator(real, fake),
            lambda fake, _: tfgan.wasserstein_generator(fake),
        ),
        # Mao et al. 2017, LSGAN, equation 9 (a = 0, b = c = 1).
        AdversarialLoss(
            "least_squares",
            tfgan.least_squares_discriminator,
            lambda fake, _: tfgan.least_squares_generator(fake),
            lambda logits: tf.clip_by_value(logits, 0.0, 1.0),
            smooths=True,
            verdict=_over_half_the_target,
        ),
        # Arjovsky et al. 2017, equation 2. A constant added to every logit changes nothing.
        AdversarialLoss(
            "wasserstein",
            lambda real, fake, _: tfgan.wasserstein_discriminator(real, fake),
            lambda fake, _: tfgan.wasserstein_generator(fake),
            verdict=_above_its_fake,
        ),
        _relativistic("relativistic", relativistic.pairing, _above_its_fake),
        _relativistic("relativistic_average", relativistic.average),
        _relativistic("relativistic_average_hinge", relativistic.average_hinge),
        _relativistic("relativistic_average_least_squares", relativistic.average_least_squares),
    )
}


def get(loss):
    """Returns an `AdversarialLoss` by its name; one that is given already comes back as it is.

    Raises:
        ValueError: the name is unknown.
    """
    if isinstance(loss, AdversarialLoss):
        return loss
    name = str(loss).replace("-", "_")
    if name not in _LOSSES:
        raise ValueError(f"loss must be one of {', '.join(NAMES)}, or an AdversarialLoss. Received: {loss}")
    return _LOSSES[name]
