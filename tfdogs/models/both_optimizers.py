"""`model.optimizer` of a model that has two."""

import numbers

import numpy as np
import tensorflow as tf


class BothOptimizers:
    """Stands where Keras and its callbacks expect the one optimizer of a model.

    It reads as the discriminator's. Its `learning_rate`, which `ReduceLROnPlateau` and
    `LearningRateScheduler` set, is the discriminator's too, but setting it moves both networks' rates in
    proportion. Nothing else can be set here. It holds no variables, and so is not saved.

    Args:
        generator, discriminator: Keras optimizers.
    """

    def __init__(self, generator, discriminator):
        own = {"_generator": generator, "_discriminator": discriminator, "_ratio": None}
        self.__dict__.update(own)
        self._find_ratio()

    def __getattr__(self, name):
        if name.startswith("__") or "_discriminator" not in self.__dict__:  # as copies ask for
            raise AttributeError(name)
        return getattr(self._discriminator, name)

    def __setattr__(self, name, value):
        if name not in ("learning_rate", "lr"):
            raise AttributeError(
                f"optimizer.{name} cannot be set, since the model has two optimizers: set it on g_optimizer "
                "or d_optimizer"
            )
        self._set(value)

    @property
    def learning_rate(self):
        """The discriminator's rate; what is assigned to it moves both networks' rates in proportion.

        Raises:
            ValueError: when it is set, see `check_settable`.
        """
        return _Rate(self)

    lr = learning_rate

    def check_settable(self):
        """Raises ValueError where rates cannot move in proportion: one has a schedule, or D's is 0."""
        for name, optimizer in (("generator", self._generator), ("discriminator", self._discriminator)):
            rate = getattr(optimizer, "inner_optimizer", optimizer).get_config()["learning_rate"]
            if not isinstance(rate, numbers.Number):
                raise ValueError(
                    "learning rates that follow a schedule cannot be set: pass optimizers whose rates are "
                    f"numbers. Received: a schedule of the {name}'s {type(optimizer).__name__}"
                )
        self._find_ratio()
        if self._ratio is None:
            raise ValueError(
                "the learning rates cannot move in proportion, since the discriminator's is 0: set those of "
                "g_optimizer and d_optimizer instead. Received: 0"
            )

    def _set(self, value):
        self.check_settable()
        try:
            fine = np.ndim(value) == 0 and 0 <= float(value) < np.inf
        except TypeError:
            fine = False
        if not fine:
            raise ValueError(
                "learning_rate must be a number of 0 or more: schedules go into optimizers before compile(). "
                f"Received: {value}"
            )
        self._generator.learning_rate = float(value) * self._ratio
        self._discriminator.learning_rate = float(value)

    def _find_ratio(self):
        """Keeps the generator's rate over the discriminator's; a rate of 0 in between does not change it."""
        generator, discriminator = (_number(one) for one in (self._generator, self._discriminator))
        if discriminator > 0 and (generator > 0 or self._ratio is None):
            self.__dict__["_ratio"] = generator / discriminator


class _Rate(float):
    """A learning rate, which `keras.backend.set_value` may set as if it was a variable."""

    dtype = tf.float32

    def __new__(cls, both):
        rate = super().__new__(cls, _number(both._discriminator))
        rate._both = both
        return rate

    def numpy(self):
        """Returns the rate, float32."""
        return np.float32(self)

    def assign(self, value):
        """Sets both networks' rates."""
        self._both.learning_rate = value


def _number(optimizer):
    return float(tf.convert_to_tensor(optimizer.learning_rate))
