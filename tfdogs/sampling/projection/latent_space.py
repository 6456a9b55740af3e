"""The latents of a generator as a space to search in."""

import math

import tensorflow as tf


class LatentSpace:
    """z, for any generator.

    Args:
        generator: latents, or (latents, labels), -> images in [-1, 1].
        latent_dim: length of a latent.
        kind: "normal" or "uniform", the distribution that the generator was trained on.

    Attributes:
        name: "z".
        spread: root of the mean squared length of a latent.
    """

    name = "z"

    def __init__(self, generator, latent_dim, kind):
        self._generator = generator
        self._kind = kind
        self.spread = math.sqrt(latent_dim if kind == "normal" else latent_dim / 3.0)

    def enter(self, latents, labels):
        """Returns the points of latents [N, D] and labels [N] or None, float32 [N, D]."""
        return tf.convert_to_tensor(latents)

    def draw(self, points, labels):
        """Returns the images of points, float32 [N, H, W, C] in [-1, 1]."""
        return self._generator(points if labels is None else (points, labels), training=False)

    def pull(self, points):
        """Returns how far points are from where latents lie, float32 [N], 0 for none.

        Normal ones lie near a sphere: their mean square is 1, give or take twice its standard deviation,
        sqrt(2 / D). Uniform ones lie in a cube.
        """
        if self._kind == "normal":
            off = tf.abs(tf.reduce_mean(points**2, axis=1) - 1.0)
            return tf.nn.relu(off - 2.0 * math.sqrt(2.0 / points.shape[1])) ** 2
        return tf.reduce_mean(tf.nn.relu(tf.abs(points) - 1.0) ** 2, axis=1)
