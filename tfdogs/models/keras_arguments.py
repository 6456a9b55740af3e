"""What Keras' `compile`, `fit` and `evaluate` take and a GAN has no use for: refused, each in a line."""

import inspect

import keras
import numpy as np
import tensorflow as tf

from tfdogs.models import given_data, image_range, keras_callbacks, scalars
from tfdogs.models.scalars import short

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
            raise ValueError(f"{method}({name}=...): {_REASONS[name]}. Received: {name}={short(value)}")


def optimizers_of(optimizer, g_optimizer, d_optimizer):
    """Returns what `compile`'s three arguments mean: the generator's and the discriminator's optimizer.

    Raises:
        ValueError: one object for two networks, one kind beside one of the two, or weights averaged twice.
    """
    for name, one in (("optimizer", optimizer), ("g_optimizer", g_optimizer), ("d_optimizer", d_optimizer)):
        if inspect.isclass(one) or (isinstance(one, dict) and "class_name" not in one):
            raise ValueError(
                f"{name} must be an optimizer's name, its configuration or, of one network, an object, "
                f"keras.optimizers.Adam(2e-4, beta_1=0.5). Received: {short(one)}"
            )
    if optimizer is not None:
        if g_optimizer is not None or d_optimizer is not None:
            raise ValueError(
                "optimizer is for both networks: pass either it or g_optimizer and d_optimizer. "
                f"Received: optimizer={short(optimizer)} beside another"
            )
        if not isinstance(optimizer, (str, dict)):
            raise ValueError(
                "one optimizer object cannot serve two networks: pass its name, or g_optimizer and "
                f"d_optimizer. Received: optimizer={type(optimizer).__name__}"
            )
        g_optimizer = d_optimizer = optimizer
    if g_optimizer is d_optimizer and not isinstance(g_optimizer, (type(None), str, dict)):
        raise ValueError("g_optimizer and d_optimizer must be two optimizers. Received: the same one twice")
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
    """Returns the arguments of a call of `keras.Model`'s `method` by name, those of other forms made plain.

    Raises:
        ValueError: as of `refuse`, `scalars.check_arguments` and `given_data.images_of`.
    """
    signature = inspect.signature(getattr(keras.Model, method))
    given = dict(signature.bind(None, *args, **kwargs).arguments)
    given.update(given.pop("kwargs", {}))
    given.pop("self")
    refuse(method, given)
    scalars.check_arguments(given)
    if not given.get("_use_cached_eval_dataset"):  # `fit` hands its own batch_size on beside validation_data
        _check_batched(given)
    if method == "predict":
        return given
    one = method.endswith("_on_batch")
    given["x"] = (given_data.one_batch if one else given_data.images_of)(given.get("x"), "x")
    if "y" in given:
        given["y"] = given_data.labels_of(given["y"])
    if "validation_data" in given:
        given["validation_data"] = given_data.validation_of(given["validation_data"])
    return given


def _check_batched(given):
    """Checks that nothing is given beside what has batches, or labels, of its own."""
    for name, data in (("batch_size", "x"), ("y", "x"), ("validation_batch_size", "validation_data")):
        data = given.get(data)
        batched = isinstance(data, (tf.data.Dataset, keras.utils.Sequence)) or inspect.isgenerator(data)
        if given.get(name) is not None and batched:
            raise ValueError(
                f"{name} is for arrays: a {type(data).__name__} has batches of images and labels of its own. "
                f"Received: {name}={short(given[name])}"
            )


def check_latents(x, latent_dim, num_classes):
    """Raises ValueError where `predict` is given what cannot be latents: nothing, or a number."""
    if x is None or np.isscalar(x):
        raise ValueError(f"{_wanted(latent_dim, num_classes)}. Received: {x}")


def latents(data, latent_dim, num_classes):
    """Returns what `predict` hands to the networks, out of what a data set yields.

    Raises:
        ValueError: it is something else than latents, with labels where there are classes.
        tf.errors.InvalidArgumentError: when it runs, labels that are none.
    """
    z, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
    if num_classes and isinstance(z, (tuple, list)) and len(z) == 2:
        z, labels = z
    shape = getattr(z, "shape", None)
    if shape is None or not shape.is_compatible_with([None, latent_dim]) or (num_classes and labels is None):
        received = ", ".join(str(tuple(one.shape)) for one in tf.nest.flatten(z))
        raise ValueError(f"{_wanted(latent_dim, num_classes)}. Received: {received}")
    return (z, given_data.numbers_of(labels, num_classes)) if num_classes else z


def _wanted(latent_dim, num_classes):
    one = f"latents, float [N, {latent_dim}]"
    pair = f"(latents, labels), float [N, {latent_dim}] and int [N]"
    return f"predict wants {pair if num_classes else one}; images are drawn by generate()"


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
    _check_numbers(given, validated=validation is not None or bool(given.get("validation_split")))
    pair = validation if isinstance(validation, (tuple, list)) and len(validation) else (validation,)
    for images, labels, name in (
        (given.get("x"), given.get("y"), "x"),
        (pair[0], pair[1] if len(pair) > 1 else None, "validation_data"),
    ):
        given_data.check(images, labels, name, model.image_shape, model.num_classes)
        image_range.check(images, name, given.get("batch_size") or 32)
    keras_callbacks.check(
        model,
        given.get("callbacks"),
        validated=validation is not None or bool(given.get("validation_split")),
    )


def _check_numbers(given, *, validated):
    """Checks numbers that say nothing beside what else there is."""
    for name in ("validation_steps", "validation_batch_size", "validation_freq"):
        if given.get(name) not in (None, 1 if name == "validation_freq" else None) and not validated:
            raise ValueError(
                f"{name} needs validation_data or validation_split. Received: {name}={given[name]} alone"
            )
    if given.get("initial_epoch", 0) > given.get("epochs", 1):
        raise ValueError(
            "epochs is the number of the last epoch, and not how many there are after initial_epoch. "
            f"Received: epochs={given.get('epochs', 1)}, initial_epoch={given['initial_epoch']}"
        )


def check_networks(model):
    """Checks that both networks learn, and all of what they say.

    Raises:
        ValueError: one is frozen, or was frozen or released after `compile`, or has losses of its own.
    """
    for name, then in model.trained.items():
        network = getattr(model, name)
        if network.weights and not network.trainable_variables:
            raise ValueError(
                f"the {name} has nothing to train: set {name}.trainable = True before compile(), since each "
                "network learns in a step of its own. Received: trainable=False"
            )
        now = [id(variable) for variable in network.trainable_variables]
        if now != then:
            other = "" if len(now) != len(then) else ", but others"
            raise ValueError(
                f"trainable must not change after compile(): call it again. Received: {len(then)} trainable "
                f"variables of the {name} then, {len(now)} now{other}"
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
