"""Adam whose learning rate and beta_2 follow the images seen."""

import keras
import tensorflow as tf

from tfdogs.training import schedules
from tfdogs.training.adam import FusedAdam


@keras.saving.register_keras_serializable("tfdogs")
class ScheduledAdam(FusedAdam):
    """Adam with schedules in images, as R3GAN trains (Huang et al. 2024).

    A step's values are those of the images seen before it: the optimizer's own steps times
    `images_per_step`. There is nothing to save but Adam's state. The bias of the second moment is corrected
    as by Adam, with the beta_2 of the step.

    Args:
        learning_rate: a number or a schedule (`tfdogs.training.schedules`).
        beta_1: decay of the first moment; default 0.
        beta_2: decay of the second moment, a number or a schedule; default 0.99.
        images_per_step: images to one step of this optimizer, over all replicas; on average, as lazy
            regularizers take steps without images.
        **kwargs: what else `keras.optimizers.Adam` takes.

    Raises:
        ValueError: `images_per_step` is under 1.
    """

    def __init__(
        self, learning_rate=2e-4, beta_1=0.0, beta_2=0.99, *, images_per_step, name="scheduled_adam", **kwargs
    ):
        if images_per_step < 1:
            raise ValueError(f"images_per_step must be 1 or more. Received: {images_per_step}")
        self.images_per_step = float(images_per_step)
        if callable(learning_rate):
            learning_rate = _InSteps(learning_rate, self.images_per_step)
        super().__init__(learning_rate, beta_1, beta_2, name=name, **kwargs)

    @property
    def beta_2(self):
        """Decay of the second moment in this step: a number, or a float32 scalar where it is scheduled."""
        if not callable(self._beta_2):
            return self._beta_2
        return self._beta_2(_images(self.iterations, self.images_per_step))

    @beta_2.setter
    def beta_2(self, value):
        self._beta_2 = value

    def get_config(self):
        """Returns the constructor's arguments."""
        rate = self._learning_rate
        rate = rate.schedule if isinstance(rate, _InSteps) else float(rate.numpy())
        to_config = keras.saving.serialize_keras_object
        # Not the base's two: it would write down the values of this step.
        return {
            **super().get_config(),
            "learning_rate": to_config(rate),
            "beta_2": to_config(self._beta_2),
            "images_per_step": self.images_per_step,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Builds it from what `get_config` returned."""
        from_config = keras.saving.deserialize_keras_object
        values = {name: from_config(config[name], custom_objects) for name in ("learning_rate", "beta_2")}
        return cls(**{**config, **values})


def _images(steps, each):
    """Returns the images seen before a step, int64."""
    return tf.cast(tf.round(tf.cast(steps, tf.float64) * each), tf.int64)


class _InSteps(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule in images as Keras asks for it: by the optimizer's steps."""

    def __init__(self, schedule, images_per_step):
        self.schedule = schedule
        self.images_per_step = images_per_step

    def __call__(self, step):
        return schedules.value(self.schedule, _images(step, self.images_per_step))

    def get_config(self):
        return {"schedule": self.schedule, "images_per_step": self.images_per_step}
