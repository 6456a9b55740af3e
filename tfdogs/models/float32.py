"""Networks in float32, in whatever precision they were trained."""

import tensorflow as tf

from tfdogs.models.base import Discriminator, Generator
from tfdogs.training.ema import weight_pairs

_REDUCED = ("float16", "bfloat16")


def reduced(network):
    """Returns whether a network of `tfdogs.models`, which has a `twin`, computes in less than float32."""
    layers = network.submodules if isinstance(network, (Generator, Discriminator)) else ()
    return any(getattr(layer, "compute_dtype", None) in _REDUCED for layer in layers)


def twin(network):
    """Returns a network of `tfdogs.models` built again in float32, weights included; others as they are."""
    if not isinstance(network, (Generator, Discriminator)):
        return network
    built = type(network).from_config({**network.get_config(), "dtype": "float32"})
    built.build()
    copy(network, built)
    return built


def copy(network, built):
    """Gives a `twin` the weights that its network has now."""
    for weight, now in weight_pairs(built, network):
        weight.assign(tf.cast(now, weight.dtype))
