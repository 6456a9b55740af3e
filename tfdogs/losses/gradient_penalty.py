"""The gradient penalty of WGAN-GP."""

import tensorflow as tf

from tfdogs.losses.regularizer import Regularizer, register


@register
class GradientPenalty(Regularizer):
    """weight * E[(|grad D(x)| - 1)^2] on random lines between reals and fakes.

    Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", equation 3.

    Args:
        weight: lambda; default 10.
        interval: see `Regularizer`.
    """

    name = "gradient_penalty"

    def __init__(self, weight=10.0, *, interval=1):
        super().__init__(interval)
        self.weight = float(weight)

    def __call__(self, discriminate, reals, fakes, noise):
        t = noise.uniform([tf.shape(reals)[0], 1, 1, 1])
        images = reals + t * (fakes - reals)
        norms = tf.sqrt(squared_gradient_norms(discriminate, images) + 1e-12)  # sqrt has no slope at 0
        return self.weight * tf.reduce_mean(tf.square(norms - 1.0))

    def get_config(self):
        return {"weight": self.weight, **super().get_config()}


def squared_gradient_norms(discriminate, images):
    """Returns |d D(x) / d x|^2 for each image, float32 [N]."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        logits = tf.reduce_sum(discriminate(images))  # images don't touch: the sum keeps each slope
    gradients = tf.cast(tape.gradient(logits, images), tf.float32)
    return tf.reduce_sum(tf.square(gradients), axis=[1, 2, 3])
