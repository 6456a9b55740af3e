"""The base of what regularizes a discriminator."""

import keras
import tensorflow as tf


class Regularizer:
    """A penalty on the discriminator, added to its loss every `interval` steps.

    In the steps in which it is due its weight is multiplied by `interval` ("lazy regularization",
    Karras et al. 2020, StyleGAN2, appendix B). Its gradient joins the loss's in the same optimizer
    step, so learning rate and betas need no correction.

    Args:
        interval: steps from one evaluation to the next, 1 or more; default 1, every step.

    Raises:
        ValueError: `interval` is under 1.
    """

    name = "regularizer"

    def __init__(self, interval=1):
        if interval < 1:
            raise ValueError(f"interval must be 1 or more. Received: interval={interval}")
        self.interval = int(interval)

    def __call__(self, discriminate, reals, fakes, noise):
        """Computes the penalty.

        Args:
            discriminate: images [N, H, W, C] -> logits [N, 1], float32.
            reals: real images as the discriminator sees them, float32 [N, H, W, C].
            fakes: generated ones, of the same shape; no gradient flows into them.
            noise: `tfdogs.models.noise.Noise` of this step.

        Returns:
            float32 scalar, weight included, lazy factor not.
        """
        raise TypeError(f"{type(self).__name__} must define __call__(discriminate, reals, fakes, noise)")

    def when_due(self, step, compute, variables):
        """Calls `compute` in the steps in which this penalty is due.

        Only gradients stand under the condition: the optimizer's step stays outside it.

        Args:
            step: number of the step, an int64 scalar.
            compute: () -> (penalty, gradients).
            variables: what the gradients are taken of.

        Returns:
            (due, penalty, gradients): float32 1 and what `compute` gave, or 0, 0 and zeros.
        """
        if self.interval == 1:
            return (tf.constant(1.0), *compute())
        due = tf.equal(step % self.interval, 0)
        zeros = [tf.zeros_like(variable) for variable in variables]
        penalty, gradients = tf.cond(due, compute, lambda: (tf.constant(0.0), zeros))
        return tf.cast(due, tf.float32), penalty, gradients

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"interval": self.interval}

    @classmethod
    def from_config(cls, config):
        """Builds it from what `get_config` returned."""
        return cls(**config)


def register(cls):
    """Makes a class known to Keras' saving under the package name tfdogs."""
    return keras.saving.register_keras_serializable("tfdogs")(cls)
