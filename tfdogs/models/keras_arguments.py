"""What Keras' `compile`, `fit` and `evaluate` take and a GAN has no use for: refused, each in a line."""

import inspect

import keras
import tensorflow as tf

from tfdogs.models import image_range

_WEIGHTS = "a GAN weighs all images alike: draw more often what is to count more"
_REASONS = {
    "loss": "the adversarial loss is the GAN's own: pass GAN(loss=...)",
    "loss_weights": "the losses of G and D are not added up: weights are arguments of GAN's regularizers",
    "metrics": "a GAN's metrics are its losses: score what it draws with tfdogs.metrics.Evaluator",
    "weighted_metrics": "a GAN's metrics are its losses: score what it draws with tfdogs.metrics.Evaluator",
    "pss_evaluation_shards": "evaluate() cannot be split among parameter servers",
    "sample_weight": _WEIGHTS,
    "class_weight": _WEIGHTS,
}
REFUSED = tuple(_REASONS)
_ABSENT = ("loss", "acc", "accuracy")


def refuse(method, given):
    """Refuses arguments that would be ignored.

    Args:
        method: name of the method that was called.
        given: dict from arguments' names to values.

    Raises:
        ValueError: one of those that a GAN has no use for is not what it is by default.
    """
    for name, value in given.items():
        nothing = value is None or (isinstance(value, (int, list, tuple, dict)) and not value)
        if name in _REASONS and not nothing:
            raise ValueError(f"{method}({name}=...): {_REASONS[name]}. Received: {name}={_short(value)}")


def optimizers_of(optimizer, g_optimizer, d_optimizer):
    """Returns what `compile`'s three arguments mean: the generator's and the discriminator's optimizer.

    Raises:
        ValueError: one object for two networks, one kind beside one of the two, or weights averaged twice.
    """
    if optimizer is not None:
        if g_optimizer is not None or d_optimizer is not None:
            raise ValueError(
                "optimizer is for both networks: pass either it or g_optimizer and d_optimizer. "
                f"Received: optimizer={_short(optimizer)} beside another"
            )
        g_optimizer = d_optimizer = optimizer
    if g_optimizer is d_optimizer and not isinstance(g_optimizer, (type(None), str, dict)):
        raise ValueError(
            "g_optimizer and d_optimizer must be two optimizers. Received: the same one twice"
            if optimizer is None
            else "one optimizer object cannot serve two networks: pass its name, or g_optimizer and "
            f"d_optimizer. Received: optimizer={type(optimizer).__name__}"
        )
    for name, one in (("g_optimizer", g_optimizer), ("d_optimizer", d_optimizer)):
        inner = getattr(one, "inner_optimizer", one)
        if (
            one.get("config", {}).get("use_ema")
            if isinstance(one, dict)
            else getattr(inner, "use_ema", False)
        ):
            raise ValueError(f"{name}: use_ema must be False: pass GAN(ema=...). Received: use_ema=True")
    return g_optimizer, d_optimizer


def bind(method, *args, **kwargs):
    """Returns the arguments of a call of `keras.Model`'s `method` by name, refusing as `refuse` does."""
    signature = inspect.signature(getattr(keras.Model, method))
    given = dict(signature.bind(None, *args, **kwargs).arguments)
    given.update(given.pop("kwargs", {}))
    given.pop("self")
    refuse(method, given)
    return given


def latents(data, latent_dim, num_classes):
    """Returns what `predict` hands to the networks, out of what a data set yields.

    Raises:
        ValueError: it is something else than latents, with labels where there are classes.
    """
    z, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
    if num_classes and isinstance(z, (tuple, list)) and len(z) == 2:
        z, labels = z
    wanted = f"latents, float [N, {latent_dim}]"
    if num_classes:
        wanted = f"(latents, labels), float [N, {latent_dim}] and int [N]"
    shape = getattr(z, "shape", None)
    if shape is None or not shape.is_compatible_with([None, latent_dim]) or (num_classes and labels is None):
        received = ", ".join(str(tuple(one.shape)) for one in tf.nest.flatten(z))
        raise ValueError(f"predict wants {wanted}; images are drawn by generate(). Received: {received}")
    return (z, labels) if num_classes else z


def check_path(path, save_format=None):
    """Raises ValueError where a GAN is to be saved as something else than a .keras file."""
    if not str(path).endswith(".keras") or save_format not in (None, "keras"):
        raise ValueError(
            "a GAN is saved as a .keras file, whose name must end in .keras; for a SavedModel see "
            f"tfdogs.serving.saved_model.export. Received: {path}"
            + (f", save_format={save_format!r}" if save_format else "")
        )


def check_fit(model, given):
    """Checks what else of `fit`'s arguments is known before the first batch.

    Args:
        model: `TwoPlayers`, compiled.
        given: what `bind` returned.

    Raises:
        ValueError: validation data with weights, images in another range, or a callback that would do
            nothing, or only half.
    """
    validation = given.get("validation_data")
    if isinstance(validation, (tuple, list)) and len(validation) == 3:
        refuse("fit", {"sample_weight": validation[2]})
    for images, name in ((given.get("x"), "x"), (validation, "validation_data")):
        images = images[0] if isinstance(images, (tuple, list)) and len(images) else images
        image_range.check(images, name, given.get("batch_size") or 32)
    callbacks = given.get("callbacks") or ()
    for callback in callbacks if isinstance(callbacks, (list, tuple)) else (callbacks,):
        _check_callback(model, callback)


def _check_callback(model, callback):
    name = type(callback).__name__
    if isinstance(callback, keras.callbacks.TerminateOnNaN):
        raise ValueError(
            f"{name} watches 'loss', which a GAN has not got: use tfdogs.training.callbacks.divergence."
            f"Divergence. Received: {name}"
        )
    if name == "SwapEMAWeights":
        raise ValueError(f"{name} knows one optimizer: pass GAN(ema=...) for an average. Received: {name}")
    if isinstance(callback, (keras.callbacks.ReduceLROnPlateau, keras.callbacks.LearningRateScheduler)):
        model.optimizer.check_settable()
    if isinstance(callback, keras.callbacks.ModelCheckpoint) and not callback.save_weights_only:
        check_path(callback.filepath)
    monitor = getattr(callback, "monitor", None)
    unused = isinstance(callback, keras.callbacks.ModelCheckpoint) and not callback.save_best_only
    if isinstance(monitor, str) and monitor.removeprefix("val_") in _ABSENT and not unused:
        names = ", ".join(metric.name for metric in model.metrics)
        raise ValueError(
            f"{name}(monitor=...) must be one of {names}, or with val_ before it d_loss, g_loss, d_real or "
            f"d_fake. Received: monitor={monitor!r}"
        )


def _short(value):
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
