"""The LeCam regularization."""

import tensorflow as tf

from tfdogs.losses.regularizer import Regularizer, register


@register
class LeCam(Regularizer):
    """weight * (E[(D(x) - a_fake)^2] + E[(D(G(z)) - a_real)^2]), a_real and a_fake being moving averages.

    Tseng et al. 2021, "Regularizing Generative Adversarial Networks under Limited Data", equation 5. The
    averages are of the discriminator's mean logits until the step before, over all replicas; they begin
    as means of what there is, without a start at 0. The first step, which has none, costs nothing.

    Args:
        weight: lambda; default 0.3.
        decay: of the averages, for each step in which it is due; default 0.99.
        start_kimg: thousands of images before the penalty sets in; the averages are kept from the first.
            Default 0.
        interval: see `Regularizer`.
        schedule: see `Regularizer`.

    Raises:
        ValueError: `decay` is not in [0, 1).
    """

    name = "lecam"
    observes = 2

    def __init__(self, weight=0.3, *, decay=0.99, start_kimg=0.0, interval=1, schedule=None):
        super().__init__(interval, schedule=schedule)
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be in [0, 1). Received: decay={decay}")
        self.weight, self.decay, self.start_kimg = float(weight), float(decay), float(start_kimg)

    def build(self, add_state):
        self.real, self.fake = add_state("lecam_real"), add_state("lecam_fake")
        self.share = add_state("lecam_share")  # of what the two hold of all weight: 1 - decay^steps

    @property
    def anchors(self):
        """The averages of D on reals and on fakes, float32 scalars; 0 before the first step."""
        return tuple(tf.math.divide_no_nan(average, self.share) for average in (self.real, self.fake))

    def __call__(self, discriminate, reals, fakes, noise):
        real, fake = discriminate(reals), discriminate(fakes)
        real_anchor, fake_anchor = self.anchors
        distance = tf.reduce_mean(tf.square(real - fake_anchor) + tf.square(fake - real_anchor))
        penalty = self.weight * tf.where(self.share > 0, distance, 0.0)
        return penalty, tf.stop_gradient(tf.stack([tf.reduce_mean(real), tf.reduce_mean(fake)]))

    def observe(self, numbers, due):
        pace = due * (1.0 - self.decay)
        for average, number in ((self.real, numbers[0]), (self.fake, numbers[1]), (self.share, 1.0)):
            average.assign(average + pace * (number - average))

    def factor(self, images_seen):
        begun = tf.cast(images_seen, tf.float64) >= 1000.0 * self.start_kimg
        return tf.cast(begun, tf.float32) * super().factor(images_seen)

    def get_config(self):
        return {
            "weight": self.weight,
            "decay": self.decay,
            "start_kimg": self.start_kimg,
            **super().get_config(),
        }
