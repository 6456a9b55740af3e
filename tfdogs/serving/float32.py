"""A trained GAN as it is exported: the generator that draws its samples, in float32."""

from tfdogs.models.float32 import twin
from tfdogs.models.gan import GAN


def in_float32(gan):
    """Returns a GAN that draws and judges as another one does.

    Its generator is the averaged one, or the trained one where there is no average.
    Networks of `tfdogs.models` are built again in float32, with the same weights, so that an export computes
    alike wherever it runs, whatever precision it was trained in; `Sampler` draws with the same. Others are
    used as they are.

    Args:
        gan: `tfdogs.GAN`; it is not changed.

    Returns:
        An uncompiled `tfdogs.GAN` without an average.
    """
    return GAN(
        generator=twin(gan.sampler.generator),
        discriminator=twin(gan.discriminator),
        loss=gan.loss_function,
        ema=None,
        latent=gan.latent,
        latent_dim=gan.latent_dim,
        num_classes=gan.num_classes,
    )
