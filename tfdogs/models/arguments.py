"""What the GAN checks of its arguments beside the networks themselves."""

from tfdogs.losses import SMOOTHING
from tfdogs.models import latents


def check(gan):
    """Raises ValueError where an argument of a `GAN` is out of range or does not go with the others."""
    loss, smoothing = gan.loss_function, gan.label_smoothing
    if not 0 <= smoothing < 0.5 or (smoothing and not loss.smooths):
        raise ValueError(
            f"label_smoothing must be in [0, 0.5), and 0 but for {', '.join(SMOOTHING)}. "
            f"Received: label_smoothing={smoothing}, loss={loss.name}"
        )
    if gan.d_steps < 1:
        raise ValueError(f"d_steps must be 1 or more. Received: d_steps={gan.d_steps}")
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
    for regularizer in gan.regularizers:
        regularizer.check(getattr(gan, regularizer.network))
    names = [regularizer.name for regularizer in gan.regularizers]
    if len(set(names)) < len(names):
        raise ValueError(f"regularizers must have names of their own. Received: {names}")
