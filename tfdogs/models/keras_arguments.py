"""What Keras' `compile`, `fit` and `evaluate` take and a GAN has no use for: refused, each in a line."""

import inspect
import os

import keras
import tensorflow as tf

from tfdogs.models import image_range, keras_callbacks

_LOSS = "the adversarial loss is the GAN's own: pass GAN(loss=...)"
_WEIGHTS = "a GAN weighs all images alike: draw more often what is to count more"
_REASONS = {
    "loss": _LOSS,
    **dict.fromkeys(("loss_fn", "g_loss_fn", "d_loss_fn"), _LOSS),  # of Keras' own examples of GANs
    "loss_weights": "the losses of G and D are not added up: weights are arguments of GAN's regularizers",
    "metrics": "a GAN's metrics are its losses: score what it draws with tfdogs.metrics.Evaluator",
    "weighted_metrics": "a GAN's metrics are its losses: score what it draws with tfdogs.metrics.Evaluator",
    "pss_evaluation_shards": "evaluate() cannot be split among parameter servers",
    "sample_weight": _WEIGHTS,
    "class_weight": _WEIGHTS,
}
REFUSED = tuple(_REASONS)


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


def images_of(x, name):
    """Returns what `fit` takes as images, out of a list where it is one's only element.

    Args:
        x: what was given.
        name: of the argument.

    Raises:
        ValueError: it is a list of several things, a path or a function.
    """
    if isinstance(x, (list, tuple)):
        if len(x) == 1:
            return x[0]
        raise ValueError(
            f"{name} must be one array [N, H, W, C]: np.stack a list of images, and pass labels as y. "
            f"Received: a {type(x).__name__} of {len(x)}"
        )
    if isinstance(x, (str, bytes, os.PathLike)):
        raise ValueError(
            f"{name} must be images: keras.utils.image_dataset_from_directory reads a folder. Received: {x!r}"
        )
    if inspect.isroutine(x):
        raise ValueError(
            f"{name} must be what a generator function returns: call it. Received: the function {x.__name__}"
        )
    return x


def check_fit(model, given):
    """Checks what else of `fit`'s arguments is known before the first batch.

    Args:
        model: `TwoPlayers`, compiled.
        given: what `bind` returned.

    Raises:
        ValueError: validation data with weights, images in another range, networks that would not learn as
            they say, or a callback that would do nothing, or only half.
    """
    check_networks(model)
    validation = given.get("validation_data")
    if isinstance(validation, (tuple, list)) and len(validation) == 3:
        refuse("fit", {"sample_weight": validation[2]})
    for images, name in ((given.get("x"), "x"), (validation, "validation_data")):
        images = images[0] if isinstance(images, (tuple, list)) and len(images) else images
        image_range.check(images, name, given.get("batch_size") or 32)
    callbacks = given.get("callbacks") or ()
    callbacks = callbacks if isinstance(callbacks, (list, tuple)) else (callbacks,)
    keras_callbacks.check(
        model, callbacks, validated=validation is not None or bool(given.get("validation_split"))
    )


def check_networks(model):
    """Checks that both networks learn, and all of what they say.

    Raises:
        ValueError: one is frozen, or was frozen or released after `compile`, or has losses of its own.
    """
    for name, count in model.trained.items():
        network = getattr(model, name)
        if network.weights and not network.trainable_variables:
            raise ValueError(
                f"the {name} has nothing to train: set {name}.trainable = True before compile(), since each "
                "network learns in a step of its own. Received: trainable=False"
            )
        if len(network.trainable_variables) != count:
            raise ValueError(
                f"trainable must not change after compile(): call it again. Received: {count} trainable "
                f"variables of the {name} then, {len(network.trainable_variables)} now"
            )
    for owner, name in (
        (model.generator, "generator"),
        (model.discriminator, "discriminator"),
        (model, "GAN"),
    ):
        if owner.losses:
            raise ValueError(
                f"the {name} has losses of its own, which training would leave aside: take out add_loss() "
                "and layers' regularizers, and pass GAN(regularizers=[...]). "
                f"Received: {len(owner.losses)} of them"
            )


def _short(value):
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
