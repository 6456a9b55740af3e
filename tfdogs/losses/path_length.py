"""Path length regularization."""

import tensorflow as tf

from tfdogs.losses.regularizer import Regularizer, register


@register
class PathLength(Regularizer):
    """weight * E[(|J_w' y| - a)^2]: a step in w changes the image by as much everywhere.

    J_w is the Jacobian of the images by w and y an image of normal noise over the square root of its number
    of pixels; a is the lengths' moving average. Karras et al. 2020, "Analyzing and Improving the Image
    Quality of StyleGAN", equation 4, and appendix B on its laziness.

    Args:
        weight: default 2.
        interval: see `Regularizer`; default 4.
        decay: share of a batch's mean length in the average; default 0.01.
        batch_share: share of the batch, of each replica's part of it, that it is computed for, in (0, 1];
            default 0.5.
        schedule: see `Regularizer`.

    Raises:
        ValueError: `decay` or `batch_share` is not in (0, 1].
    """

    name = "path_length"
    network = "generator"
    observes = 1

    def __init__(self, weight=2.0, *, interval=4, decay=0.01, batch_share=0.5, schedule=None):
        super().__init__(interval, schedule=schedule)
        if not 0 < decay <= 1 or not 0 < batch_share <= 1:
            raise ValueError(
                f"decay and batch_share must be in (0, 1]. Received: decay={decay}, batch_share={batch_share}"
            )
        self.weight = float(weight)
        self.decay = float(decay)
        self.batch_share = float(batch_share)

    def build(self, add_state):
        self.mean_length = add_state("path_length_mean")

    def __call__(self, generator, latents, labels, noise):
        """Computes the penalty of a style generator, such as `StyleGAN2Generator`.

        Returns:
            (penalty float32 scalar, mean length float32 [1]).

        Raises:
            ValueError: the generator has no styles.
        """
        if not hasattr(generator, "from_w"):
            raise ValueError(
                "path_length needs a generator with to_w and from_w, such as stylegan2's. "
                f"Received: {type(generator).__name__}"
            )
        count = self._count(tf.shape(latents)[0])
        w = generator.to_w(latents[:count], None if labels is None else labels[:count])
        lengths = path_lengths(generator, tf.repeat(w[:, None], generator.num_ws, 1), noise.some(self._count))
        penalty = self.weight * tf.reduce_mean(tf.square(lengths - self.mean_length))
        return penalty, tf.reduce_mean(lengths)[None]

    def observe(self, numbers, due):
        step = numbers[0] - self.mean_length
        self.mean_length.assign_add(due * self.decay * step)

    def _count(self, rows):
        return tf.maximum(tf.cast(self.batch_share * tf.cast(rows, tf.float32), tf.int32), 1)

    def get_config(self):
        own = {"weight": self.weight, "decay": self.decay, "batch_share": self.batch_share}
        return {**own, **super().get_config()}


def path_lengths(generator, ws, noise):
    """Returns |J_w' y| for each image, the root of the mean over an image's ws, float32 [N].

    Args:
        generator: with `from_w`.
        ws: float32 [N, num_ws, w_dim].
        noise: `tfdogs.models.noise.Noise`.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(ws)
        images = generator.from_w(ws, noise=noise.fold(0))
        shape = tf.shape(images)
        pixels = tf.cast(shape[1] * shape[2], tf.float32)
        change = tf.reduce_sum(images * noise.fold(1).normal(shape) / tf.sqrt(pixels))
    slopes = tape.gradient(change, ws)
    # A root has no slope at 0: there an untrained, flat generator may be.
    return tf.sqrt(tf.reduce_mean(tf.reduce_sum(tf.square(slopes), 2), 1) + 1e-12)
