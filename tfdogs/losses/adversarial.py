"""Adversarial losses by name: what the discriminator and the generator minimise, given logits."""

import dataclasses
from collections.abc import Callable
from typing import Optional

import tensorflow as tf

from tfdogs.losses import NAMES


@dataclasses.dataclass(frozen=True)
class AdversarialLoss:
    """A pair of losses over float32 logits [N, 1]; each returns a scalar, the mean over the batch.

    Attributes:
        name: its name.
        discriminator: (real_logits, fake_logits, label_smoothing) -> scalar.
        generator: fake_logits -> scalar.
        probability: logits -> probability of being real, or None where the logit is only a score.
        smooths: whether one-sided label smoothing is defined for it.
    """

    name: str
    discriminator: Callable
    generator: Callable
    probability: Optional[Callable] = None
    smooths: bool = False


def _mean(values):
    return tf.reduce_mean(values)


def _cross_entropy(real, fake, smoothing):
    # -(1 - s) log D(x) - s log(1 - D(x)) = softplus(-logit) + s * logit; the fakes' target stays 0.
    return _mean(tf.nn.softplus(-real) + smoothing * real) + _mean(tf.nn.softplus(fake))


def _least_squares(real, fake, smoothing):
    return 0.5 * _mean(tf.square(real - (1.0 - smoothing))) + 0.5 * _mean(tf.square(fake))


def _hinge(real, fake, _):
    return _mean(tf.nn.relu(1.0 - real)) + _mean(tf.nn.relu(1.0 + fake))


def _wasserstein(real, fake, _):
    return _mean(fake) - _mean(real)


_LOSSES = {
    loss.name: loss
    for loss in (
        # Goodfellow et al. 2014, equation 1: G minimises log(1 - D(G(z))).
        AdversarialLoss(
            "minimax", _cross_entropy, lambda fake: -_mean(tf.nn.softplus(fake)), tf.sigmoid, smooths=True
        ),
        # The same, section 3: G maximises log D(G(z)).
        AdversarialLoss(
            "non_saturating",
            _cross_entropy,
            lambda fake: _mean(tf.nn.softplus(-fake)),
            tf.sigmoid,
            smooths=True,
        ),
        # Lim and Ye 2017, Geometric GAN, equations 13 and 14.
        AdversarialLoss("hinge", _hinge, lambda fake: -_mean(fake)),
        # Mao et al. 2017, LSGAN, equation 9 (a = 0, b = c = 1).
        AdversarialLoss(
            "least_squares",
            _least_squares,
            lambda fake: 0.5 * _mean(tf.square(fake - 1.0)),
            lambda logits: tf.clip_by_value(logits, 0.0, 1.0),
            smooths=True,
        ),
        # Arjovsky et al. 2017, equation 2.
        AdversarialLoss("wasserstein", _wasserstein, lambda fake: -_mean(fake)),
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
