"""What the GAN has to learn about networks that it did not build."""

import keras
import numpy as np

from tfdogs.training.ema import weight_pairs


def latent_dim(generator):
    """Returns the length of a generator's latent: its attribute `latent_dim`, or its first input's last axis.

    Raises:
        ValueError: neither tells.
    """
    if getattr(generator, "latent_dim", None):
        return int(generator.latent_dim)
    shape = getattr(generator, "input_shape", None) if getattr(generator, "inputs", None) else None
    first = shape[0] if isinstance(shape, (list, tuple)) and isinstance(shape[0], (list, tuple)) else shape
    if first is None or first[-1] is None:
        raise ValueError("the generator does not tell its latent's length: pass latent_dim to GAN")
    return int(first[-1])


def example_inputs(latent_dim, num_classes):
    """Returns a zero latent, float32 [1, latent_dim], and where there are classes a zero label, int32 [1]."""
    z = np.zeros((1, latent_dim), np.float32)
    return (z, np.zeros(1, np.int32)) if num_classes else z


def check_pair(generator, discriminator, latent_dim, num_classes):
    """Runs both networks once, which creates their weights, and returns the image shape (H, W, C).

    Raises:
        ValueError: the generator does not draw images, or the discriminator does not give one logit an image,
            or one of them takes something else than latents or images, with labels where there are classes.
    """
    inputs = example_inputs(latent_dim, num_classes)
    images = _run("generator", generator, inputs, num_classes)
    if len(images.shape) != 4:
        raise ValueError(
            f"the generator must draw images [N, H, W, C]. Received: shape {tuple(images.shape)}"
        )
    inputs = (images, inputs[1]) if num_classes else images
    logits = _run("discriminator", discriminator, inputs, num_classes)
    if tuple(logits.shape) != (1, 1):
        raise ValueError(
            "the discriminator must give one logit an image, shape [N, 1]. "
            f"Received for one image: shape {tuple(logits.shape)}"
        )
    for network, rule in (
        (generator, "the generator must draw in [-1, 1], with tanh say"),
        (discriminator, "the discriminator must give logits, and the losses apply the sigmoid"),
    ):
        last = network.layers[-1] if getattr(network, "layers", None) else None
        if getattr(last, "activation", None) is keras.activations.sigmoid:
            raise ValueError(f"{rule}. Received: a last layer {last.name!r} with a sigmoid of its own")
    return tuple(images.shape[1:])


def _run(name, network, inputs, num_classes):
    """Returns what a network makes of one example."""
    takes = len(getattr(network, "inputs", None) or ())
    if takes and takes != 1 + bool(num_classes):
        advice = "pass num_classes to GAN" if takes == 2 else "leave num_classes out"
        raise ValueError(
            f"the {name} takes {takes} input{'s' * (takes > 1)}, with labels it takes 2: {advice}. "
            f"Received: num_classes={num_classes}"
        )
    try:
        return network(inputs)
    except Exception as e:  # whatever a network of somebody's own may raise
        shapes = ", ".join(f"{x.dtype.name} {list(x.shape)}" for x in (inputs if num_classes else [inputs]))
        reason = " ".join(str(e).split())[:200]
        raise ValueError(
            f"the {name} cannot be called with {'(' * bool(num_classes)}{shapes}{')' * bool(num_classes)}; "
            f"conditional networks need num_classes. Received: num_classes={num_classes} ({reason})"
        ) from e


def clone(generator, latent_dim, num_classes):
    """Returns a second generator with weights of its own that equal the first's.

    Raises:
        ValueError: a subclassed model whose `get_config` does not give its constructor's arguments.
    """
    try:
        twin = keras.models.clone_model(generator)
        twin(example_inputs(latent_dim, num_classes))
        for copy, weight in weight_pairs(twin, generator):
            copy.assign(weight)
    except (TypeError, ValueError, NotImplementedError) as e:
        raise ValueError(
            f"{type(generator).__name__} cannot be cloned for the average: give it a get_config() with its "
            f"constructor's arguments, or pass ema=None to GAN ({e})"
        ) from e
    twin.trainable = False
    return twin
