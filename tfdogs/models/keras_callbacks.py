"""Keras' callbacks that would do nothing with a GAN, or only half: refused before the first batch."""

import inspect
import string

import keras

from tfdogs.models import saved
from tfdogs.models.scalars import short

_WATCHERS = (
    keras.callbacks.EarlyStopping,
    keras.callbacks.ReduceLROnPlateau,
    keras.callbacks.ModelCheckpoint,
)
_RATES = (keras.callbacks.ReduceLROnPlateau, keras.callbacks.LearningRateScheduler)
_ABSENT = ("loss", "acc", "accuracy")
_VALIDATED = ("d_loss", "g_loss", "d_real", "d_fake")


def check(model, callbacks, *, validated):
    """Checks the callbacks of a `fit`.

    Args:
        model: `TwoPlayers`, compiled.
        callbacks: one, a list of them or None.
        validated: whether there are validation data.

    Raises:
        ValueError: one is none, watches what there is not, saves in a format that there is not, or knows one
            optimizer.
    """
    callbacks = getattr(callbacks, "callbacks", callbacks or ())  # of a CallbackList
    callbacks = callbacks if isinstance(callbacks, (list, tuple)) else (callbacks,)
    for callback in callbacks:
        if inspect.isclass(callback) or not hasattr(callback, "set_model"):
            raise ValueError(
                "callbacks must be objects of keras.callbacks.Callback, such as EarlyStopping('d_loss'). "
                f"Received: {short(callback)}"
            )
    names = [metric.name for metric in model.metrics]
    names += [f"val_{name}" for name in _VALIDATED] if validated else []
    names += ["lr", "learning_rate"] if any(isinstance(one, _RATES) for one in callbacks) else []
    # A callback of somebody's own may add numbers to the logs.
    closed = all(type(one).__module__.split(".")[0] in ("keras", "tfdogs") for one in callbacks)
    closed &= not any(isinstance(one, keras.callbacks.LambdaCallback) for one in callbacks)
    for callback in callbacks:
        _check_one(model, callback)
        for name, what in _watched(callback):
            if name not in names and (closed or name.removeprefix("val_") in _ABSENT):
                legal = ", ".join(names) + (
                    "" if validated else ", and with validation_data val_d_loss and so on"
                )
                raise ValueError(
                    f"{type(callback).__name__}({what}) must be one of {legal}. Received: {what}={name!r}"
                )


def _check_one(model, callback):
    name = type(callback).__name__
    if isinstance(callback, keras.callbacks.TerminateOnNaN):
        raise ValueError(
            f"{name} watches 'loss', which a GAN has not got: use tfdogs.training.callbacks.divergence."
            f"Divergence. Received: {name}"
        )
    if name == "SwapEMAWeights":
        raise ValueError(f"{name} knows one optimizer: pass GAN(ema=...) for an average. Received: {name}")
    if isinstance(callback, _RATES):
        model.optimizer.check_settable()
    if isinstance(callback, keras.callbacks.ModelCheckpoint):
        if callback.save_weights_only:
            saved.check_weights_path(callback.filepath)
        else:
            saved.check_path(callback.filepath)


def _watched(callback):
    """Yields (name of a metric, argument that has it) of what a callback of Keras looks for in the logs."""
    if not isinstance(callback, _WATCHERS):
        return
    if getattr(callback, "save_best_only", True):
        yield callback.monitor, "monitor"
    if isinstance(callback, keras.callbacks.ModelCheckpoint):
        for _, field, _, _ in string.Formatter().parse(str(callback.filepath)):
            if field and field not in ("epoch", "batch"):
                yield field, "filepath"
