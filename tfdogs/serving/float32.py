"""A trained GAN as it is exported: the generator that draws its samples, in float32."""

import tensorflow as tf

from tfdogs.models.base import Discriminator, Generator
from tfdogs.models.gan import GAN
from tfdogs.training.ema import weight_pairs


def in_float32(gan):
    """Returns a GAN that draws and judges as another one does.

    Its generator is the averaged one, or the trained one where there is no average.
    Networks of `tfdogs.models` are built again in float32, with the same weights, so that an export computes
    alike wherever it runs, whatever precision it was trained in. Others are used as they are.

    Args:
        gan: `tfdogs.GAN`; it is not changed.

    Returns:
        An uncompiled `tfdogs.GAN` without an average.
    """
    return GAN(
        generator=_rebuilt(gan.sampler.generator),
        discriminator=_rebuilt(gan.discriminator),
        loss=gan.loss_function,
        ema=None,
        latent=gan.latent,
        latent_dim=gan.latent_dim,
        num_classes=gan.num_classes,
    )


def _rebuilt(network):
    if not isinstance(network, (Generator, Discriminator)):
        return network
    twin = type(network).from_config({**network.get_config(), "dtype": "float32"})
    twin.build()
    for copy, weight in weight_pairs(twin, network):
        copy.assign(tf.cast(weight, copy.dtype))
    return twin
