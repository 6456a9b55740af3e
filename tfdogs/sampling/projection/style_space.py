"""The styles of a StyleGAN2 generator as a space to search in."""

import tensorflow as tf


class StyleSpace:
    """w, one for all layers (Karras et al. 2020, "Analyzing and Improving", appendix D).

    Args:
        generator: with `to_w`, `from_w`, `num_ws` and `num_classes`.
        latents: float32 [N, latent_dim] whose styles tell how widely styles spread.

    Attributes:
        name: "w".
        spread: root of the mean squared distance of a style from the mean style.
    """

    name = "w"

    def __init__(self, generator, latents):
        self._generator = generator
        labels = tf.range(len(latents)) % generator.num_classes if generator.num_classes else None
        styles = generator.to_w(latents, labels)
        around = styles - tf.reduce_mean(styles, 0)
        self.spread = float(tf.sqrt(tf.reduce_mean(tf.reduce_sum(around**2, 1))))

    def enter(self, latents, labels):
        """Returns the points of latents [N, D] and labels [N] or None, float32 [N, w_dim]."""
        return tf.cast(self._generator.to_w(latents, labels), tf.float32)

    def draw(self, points, labels):
        """Returns the images of points, float32 [N, H, W, C] in [-1, 1]; the label is in them already."""
        return self._generator.from_w(tf.tile(points[:, None], [1, self._generator.num_ws, 1]))

    def pull(self, points):
        """Returns zeros, float32 [N]: nothing is known of where styles may lie."""
        return tf.zeros(tf.shape(points)[:1])
