"""The power-function average of the generator's weights, whose length can be chosen after training."""

import keras
import tensorflow as tf

from tfdogs.training.posthoc import to_gamma


@keras.saving.register_keras_serializable("tfdogs")
class PowerEMA:
    """An average in which the weights at image t count as t^gamma (Karras et al. 2024, EDM2, section 3.1).

    Its length is a share of the training until now: it forgets the beginning by itself, needs no ramp-up,
    and fits a short run as well as a long one.

    Args:
        sigma_rel: standard deviation of the profile t^gamma as a share of the training, in (0, 0.288].

    Attributes:
        sigma_rel: as given.
        gamma: the exponent, a float of 0 or more.

    Raises:
        ValueError: `sigma_rel` is out of range.
    """

    def __init__(self, sigma_rel):
        self.sigma_rel = float(sigma_rel)
        self.gamma = to_gamma(self.sigma_rel)

    def decay(self, batch_size, images_seen):
        """Returns the share of the old average kept by a step, a float32 scalar in [0, 1).

        It is (1 - batch / t)^(gamma + 1), t being the images after the step; the first step copies.

        Args:
            batch_size: images in the step, over 0.
            images_seen: images before the step.
        """
        batch = tf.cast(batch_size, tf.float32)
        t = tf.cast(images_seen, tf.float32) + batch
        # By log1p, since 1 - batch / t has lost its digits late in training.
        return tf.exp((self.gamma + 1.0) * tf.math.log1p(-batch / t))

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"sigma_rel": self.sigma_rel}

    @classmethod
    def from_config(cls, config):
        """Builds it from what `get_config` returned."""
        return cls(**config)
