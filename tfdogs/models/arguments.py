"""What the GAN checks of its arguments beside the networks themselves."""

import inspect
import numbers

import keras

from tfdogs.losses import SIMULTANEOUS, SMOOTHING
from tfdogs.losses.regularizer import Regularizer
from tfdogs.models import latents, scalars
from tfdogs.models.stylegan2.minibatch_stddev import MinibatchStddev


def check_kinds(**given):
    """Raises ValueError where an argument of a `GAN` is of a kind that it does not take."""
    for name, value in given.items():
        fits, wanted = _KINDS[name]
        if not fits(value):
            raise ValueError(f"{name} must be {wanted}. Received: {scalars.short(value)}")


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _is_made(value):
    return callable(value) and not inspect.isclass(value)


def _has(value, method):
    return hasattr(value, method) and not inspect.isclass(value)


def _all(values, fits):
    return isinstance(values, (list, tuple)) and all(fits(one) for one in values)


_NETWORK = (_is_made, "a Keras model, built as an object")
_NUMBER = (_is_number, "a number")
_KINDS = {
    "generator": _NETWORK,
    "discriminator": _NETWORK,
    "label_smoothing": _NUMBER,
    "auxiliary": _NUMBER,
    "instance_noise": (
        lambda value: _is_number(value) or _is_made(value),
        "a number, or a schedule such as tfdogs.Cosine(0.1, 0.0, 100.0)",
    ),
    "ema": (
        lambda value: value is None or _is_number(value) or _has(value, "decay"),
        "a half-life in kimg, tfdogs.EMA(...) or None",
    ),
    "regularizers": (
        lambda value: _all(value, lambda one: isinstance(one, Regularizer)),
        "a list of regularizers of tfdogs, such as [tfdogs.R1()]",
    ),
    "tracks": (
        lambda value: _all(value, lambda one: _has(one, "decay")),
        "a list of averages, such as [tfdogs.PowerEMA(...)]",
    ),
    "augment": (
        lambda value: value is None or _is_made(value),
        "a function or an object of (images, noise), such as tfdogs.DiffAugment(), or None",
    ),
    "top_k": (
        lambda value: value is None or (_has(value, "count") and not isinstance(value, (str, list, tuple))),
        "tfdogs.TopK(...), or None",
    ),
}


def check(gan):
    """Raises ValueError where an argument of a `GAN` is out of range or does not go with the others."""
    loss, smoothing = gan.loss_function, gan.label_smoothing
    if not 0 <= smoothing < 0.5 or (smoothing and not loss.smooths):
        raise ValueError(
            f"label_smoothing must be in [0, 0.5), and 0 but for {', '.join(SMOOTHING)}. "
            f"Received: label_smoothing={smoothing}, loss={loss.name}"
        )
    if gan.latent not in latents.KINDS:
        raise ValueError(f"latent must be one of {', '.join(latents.KINDS)}. Received: latent={gan.latent!r}")
    if not callable(gan.instance_noise) and not gan.instance_noise >= 0:
        raise ValueError(f"instance_noise must be 0 or more. Received: instance_noise={gan.instance_noise}")
    classifies = gan.num_classes and getattr(gan.discriminator, "auxiliary", False)
    if not gan.auxiliary >= 0 or (gan.auxiliary and not classifies):
        raise ValueError(
            "auxiliary must be 0 or more, and 0 where the discriminator has no auxiliary classifier. "
            f"Received: auxiliary={gan.auxiliary}"
        )
    if gan.simultaneous:
        _check_simultaneous(gan)
    for regularizer in gan.regularizers:
        regularizer.check(getattr(gan, regularizer.network))
    names = [regularizer.name for regularizer in gan.regularizers]
    if len(set(names)) < len(names):
        raise ValueError(f"regularizers must have names of their own. Received: {names}")


def _check_simultaneous(gan):
    layers = [layer for layer in gan.discriminator.submodules if isinstance(layer, keras.layers.Layer)]
    rules = {
        f"a loss out of {', '.join(SIMULTANEOUS)}": not gan.loss_function.teaches and gan.loss_function.name,
        "top_k=None": gan.top_k,
        "auxiliary=0": gan.auxiliary,
        "a discriminator that judges each image on its own": next(
            (layer.name for layer in layers if _mixes_images(layer)), None
        ),
        # G's gradient is D's, rescaled: float16 rounds it to 0 where D is sure.
        "a discriminator in float32 or bfloat16": next(
            (layer.name for layer in layers if layer.compute_dtype == "float16"), None
        ),
        "an interval of 2 or more for regularizers that depend on the fakes": next(
            (
                r.name
                for r in gan.regularizers
                if r.network == "discriminator" and r.reads_fakes and r.interval == 1
            ),
            None,
        ),
    }
    for rule, received in rules.items():
        if received:
            raise ValueError(f"simultaneous needs {rule}. Received: {received}")


def _mixes_images(layer):
    # By name: Keras has a BatchNormalization and a SyncBatchNormalization, and neither is the other's class.
    names = [cls.__name__ for cls in type(layer).__mro__]
    return isinstance(layer, MinibatchStddev) or any(name.endswith("BatchNormalization") for name in names)
