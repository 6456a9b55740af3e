"""Relativistic losses: the discriminator estimates how much more real a real image is than a fake one.

Each is the discriminator's loss, from float32 logits [N, 1] of reals and of fakes to a scalar; the
generator's is the same with the two exchanged. A constant added to every logit changes nothing, so that one
image on its own has no probability. Under several replicas the averages are over each replica's own images.

Jolicoeur-Martineau 2018, "The relativistic discriminator: a key element missing from standard GAN".
"""

import tensorflow as tf


def pairing(real, fake):
    """-log sigmoid(D(x) - D(G(z))), mean over pairs: section 4.1 (RSGAN), and R3GAN's loss."""
    return tf.reduce_mean(tf.nn.softplus(fake - real))


def average(real, fake):
    """-log sigmoid(D(x) - E D(G(z))) - log(1 - sigmoid(D(G(z)) - E D(x))): section 4.2 (RaSGAN)."""
    real, fake = _above_the_others(real, fake)
    return tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))


def average_hinge(real, fake):
    """max(0, 1 - (D(x) - E D(G(z)))) + max(0, 1 + (D(G(z)) - E D(x))): RaHingeGAN of its appendix."""
    real, fake = _above_the_others(real, fake)
    return tf.reduce_mean(tf.nn.relu(1.0 - real)) + tf.reduce_mean(tf.nn.relu(1.0 + fake))


def average_least_squares(real, fake):
    """(D(x) - E D(G(z)) - 1)^2 + (D(G(z)) - E D(x) + 1)^2: RaLSGAN of its appendix."""
    real, fake = _above_the_others(real, fake)
    return tf.reduce_mean(tf.square(real - 1.0)) + tf.reduce_mean(tf.square(fake + 1.0))


def _above_the_others(real, fake):
    """Returns how far each real is above the mean fake, and each fake above the mean real."""
    return real - tf.reduce_mean(fake), fake - tf.reduce_mean(real)
