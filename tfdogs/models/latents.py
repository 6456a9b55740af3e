"""Latent vectors: for training from a step's noise, for sampling one a seed."""

import math

import tensorflow as tf

KINDS = ("normal", "uniform")
_TINY = 2.0**-24  # the inverse of the normal distribution is infinite at 0 and 1


def sample(kind, shape, noise):
    """Draws latents for training.

    Args:
        kind: "normal" for N(0, 1), or "uniform" for U[-1, 1).
        shape: [N, latent_dim].
        noise: `tfdogs.models.noise.Noise`.

    Returns:
        float32 tensor of `shape`.
    """
    return noise.uniform(shape, -1.0, 1.0) if kind == "uniform" else noise.normal(shape)


def from_seeds(kind, seeds, latent_dim, truncation=None):
    """Draws one latent a seed: the same seed gives the same latent, whatever stands beside it.

    Truncation bends the latent of a seed towards the middle rather than drawing another one: coordinates
    follow the distribution cut off at [-truncation, truncation] (Brock et al. 2019, BigGAN, section 3.1),
    by the inverse of its cumulative distribution, at the same uniform numbers.

    Args:
        kind: "normal" or "uniform".
        seeds: int64 [N].
        latent_dim: length of a latent.
        truncation: float scalar or [N] over 0, in standard deviations (normal) or as a share of the
            range (uniform); None for the distribution that the generator was trained on.

    Returns:
        float32 [N, latent_dim].
    """
    seeds = tf.cast(seeds, tf.int64)

    def draw(seed):
        return tf.random.stateless_uniform([latent_dim], tf.stack([seed, tf.zeros_like(seed)]))

    u = tf.reshape(tf.map_fn(draw, seeds, fn_output_signature=tf.float32), [-1, latent_dim])
    if kind == "uniform":
        scale = 1.0 if truncation is None else tf.reshape(tf.cast(truncation, tf.float32), [-1, 1])
        return tf.minimum(scale, 1.0) * (2.0 * u - 1.0)
    if truncation is not None:
        bound = tf.reshape(tf.cast(truncation, tf.float32), [-1, 1])
        below = 0.5 * tf.math.erfc(bound / math.sqrt(2.0))  # probability of z < -bound
        u = below + u * (1.0 - 2.0 * below)
    return tf.math.ndtri(tf.clip_by_value(u, _TINY, 1.0 - _TINY))
