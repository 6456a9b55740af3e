"""The one module that imports TF-GAN: what of it the rest of tfdogs uses, under our names."""

import warnings

with warnings.catch_warnings():
    # tensorflow-hub, which it imports, still asks for pkg_resources.
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
    import tensorflow_gan as _tfgan

_losses = _tfgan.losses.wargs
# Without it every loss is also put into a collection of TF 1's.
_QUIET = {"loss_collection": None}


def cross_entropy_discriminator(real, fake, smoothing):
    """-(1 - s) log D(x) - s log(1 - D(x)) - log(1 - D(G(z))), mean over the batch, from logits [N, 1]."""
    # TF-GAN, like Keras, smooths towards 1/2: twice the amount gives the target 1 - s.
    return _losses.modified_discriminator_loss(real, fake, label_smoothing=2.0 * smoothing, **_QUIET)


def non_saturating_generator(fake):
    """-log D(G(z)), mean over the batch, from logits [N, 1]."""
    return _losses.modified_generator_loss(fake, label_smoothing=0.0, **_QUIET)


def least_squares_discriminator(real, fake, smoothing):
    """(D(x) - (1 - s))^2 / 2 + D(G(z))^2 / 2, mean over the batch, from scores [N, 1]."""
    return _losses.least_squares_discriminator_loss(real, fake, real_label=1.0 - smoothing, **_QUIET)


def least_squares_generator(fake):
    """(D(G(z)) - 1)^2 / 2, mean over the batch, from scores [N, 1]."""
    return _losses.least_squares_generator_loss(fake, **_QUIET)


def hinge_discriminator(real, fake):
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))), mean over the batch, from scores [N, 1]."""
    return _losses.wasserstein_hinge_discriminator_loss(real, fake, **_QUIET)


def wasserstein_discriminator(real, fake):
    """D(G(z)) - D(x), mean over the batch, from scores [N, 1]."""
    return _losses.wasserstein_discriminator_loss(real, fake, **_QUIET)


def wasserstein_generator(fake):
    """-D(G(z)), mean over the batch, from scores [N, 1]; the hinge loss's generator has the same."""
    return _losses.wasserstein_generator_loss(fake, **_QUIET)
