"""Latent vectors: for training from a step's noise, for sampling one a seed."""

import math

import tensorflow as tf

KINDS = ("normal", "uniform")
_TINY = 2.0**-24  # the inverse of the normal distribution is infinite at 0 and 1
_REGISTER = 16  # float32 in the widest vector register there is
_PARALLEL = 1e-6  # sine of the angle under which two vectors span no plane that float64 could tell


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
    # Kernels give what does not fill a register other last bits: every row fills its registers.
    u = tf.pad(u, [[0, 0], [0, -latent_dim % _REGISTER]], constant_values=0.5)
    if truncation is not None:
        bound = tf.zeros_like(u) + tf.reshape(tf.cast(truncation, tf.float32), [-1, 1])
        below = 0.5 * tf.math.erfc(bound / math.sqrt(2.0))  # probability of z < -bound
        u = below + u * (1.0 - 2.0 * below)
    return tf.math.ndtri(tf.clip_by_value(u, _TINY, 1.0 - _TINY))[:, :latent_dim]


def between(kind, a, b, t):
    """Interpolates from latents to latents, by the way that stays among those of their kind.

    Normal latents lie near a sphere, which a straight line would leave: they are joined by `slerp`. Uniform
    ones fill a cube, which a great circle would leave: they are joined by straight lines.

    Args:
        kind: "normal" or "uniform".
        a: float [N, D], reached exactly at t = 0.
        b: float [N, D], reached exactly at t = 1.
        t: float [N] in [0, 1].

    Returns:
        float32 [N, D].
    """
    a, b, t = (tf.cast(x, tf.float64) for x in (a, b, t))
    return tf.cast((_line if kind == "uniform" else slerp)(a, b, t), tf.float32)


def slerp(a, b, t):
    """Interpolates along the great circle from `a` to `b` (White 2016, Sampling Generative Networks).

    Directions turn at an even pace, and lengths change evenly. Opposite vectors go by way of an arbitrary but
    fixed perpendicular one; a vector of length 0 is left or reached in a straight line.

    Args:
        a: float64 [N, D], reached exactly at t = 0.
        b: float64 [N, D], reached exactly at t = 1.
        t: float64 [N] in [0, 1].

    Returns:
        float64 [N, D].
    """
    a_length, b_length = (tf.norm(x, axis=1, keepdims=True) for x in (a, b))
    a_unit, b_unit = tf.math.divide_no_nan(a, a_length), tf.math.divide_no_nan(b, b_length)
    cosine = tf.reduce_sum(a_unit * b_unit, 1, keepdims=True)
    across = b_unit - cosine * a_unit
    sine = tf.norm(across, axis=1, keepdims=True)
    axis = tf.one_hot(tf.argmin(tf.abs(a_unit), 1), tf.shape(a)[1], dtype=tf.float64)
    perpendicular = axis - tf.reduce_sum(axis * a_unit, 1, keepdims=True) * a_unit
    across = tf.where(sine > _PARALLEL, across, perpendicular)
    across = tf.math.divide_no_nan(across, tf.norm(across, axis=1, keepdims=True))
    t = t[:, None]
    angle = t * tf.atan2(sine, cosine)
    path = tf.cos(angle) * a_unit + tf.sin(angle) * across
    path *= (1 - t) * a_length + t * b_length
    path = tf.where((a_length > 0) & (b_length > 0), path, _line(a, b, t[:, 0]))
    return tf.where(t == 0, a, tf.where(t == 1, b, path))


def _line(a, b, t):
    t = t[:, None]
    return (1 - t) * a + t * b
