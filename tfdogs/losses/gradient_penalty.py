"""The gradient penalty of WGAN-GP."""

import tensorflow as tf

from tfdogs.losses.regularizer import Regularizer, register


@register
class GradientPenalty(Regularizer):
    """weight * E[(|grad D(x)| - target)^2] on random lines between reals and fakes.

    Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", equation 3; with target 0 it is the
    zero-centred penalty of Thanh-Tung et al. 2019, "Improving Generalization and Stability of GANs".

    Args:
        weight: lambda; default 10.
        target: length of gradient that costs nothing; default 1.
        interval: see `Regularizer`.
        schedule: see `Regularizer`.
    """

    name = "gradient_penalty"

    def __init__(self, weight=10.0, *, target=1.0, interval=1, schedule=None):
        super().__init__(interval, schedule=schedule)
        self.weight, self.target = float(weight), float(target)

    def __call__(self, discriminate, reals, fakes, noise):
        t = noise.uniform([tf.shape(reals)[0], 1, 1, 1])
        images = reals + t * (fakes - reals)
        return self.weight * squared_distance_from(self.target, discriminate, images)

    def get_config(self):
        return {"weight": self.weight, "target": self.target, **super().get_config()}


def squared_distance_from(target, discriminate, images):
    """Returns E[(|d D(x) / d x| - target)^2], a float32 scalar."""
    norms = tf.sqrt(squared_gradient_norms(discriminate, images) + 1e-12)  # sqrt has no slope at 0
    return tf.reduce_mean(tf.square(norms - target))


def squared_gradient_norms(discriminate, images):
    """Returns |d D(x) / d x|^2 for each image, [N], of the images' dtype."""
    return tf.reduce_sum(tf.square(_slopes(discriminate, images)), axis=[1, 2, 3])


def _slopes(discriminate, images):
    if hasattr(discriminate, "slopes"):  # a GAN's may know them, or half of them, from its own pass
        return discriminate.slopes(images)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        logits = discriminate(images)
    return tape.gradient(logits, images)  # of their sum: images don't touch
