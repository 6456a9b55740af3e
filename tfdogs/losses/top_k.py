"""Top-k training of the generator."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("tfdogs")
class TopK:
    """The generator learns only from those of a batch's fakes that the discriminator finds most real.

    Sinha et al. 2020, "Top-k Training of GANs", section 3: k falls geometrically from the whole batch to
    `share` of it. Each replica chooses among its own fakes.

    Args:
        share: of the batch in the end, in (0, 1]; default 0.5.
        kimg: thousands of images until then; 0 for from the start. Default 1000.

    Raises:
        ValueError: an argument out of range.
    """

    def __init__(self, share=0.5, *, kimg=1000.0):
        if not 0 < share <= 1 or not kimg >= 0:
            raise ValueError(
                f"share must be in (0, 1] and kimg 0 or more. Received: share={share}, kimg={kimg}"
            )
        self.share, self.kimg = float(share), float(kimg)

    def count(self, batch_size, images_seen):
        """Returns k, 1 or more, an int32 scalar.

        Args:
            batch_size: number of fakes.
            images_seen: images before the step.
        """
        done = 1.0
        if self.kimg:
            done = tf.minimum(tf.cast(images_seen, tf.float64) / (1000.0 * self.kimg), 1.0)
        share = tf.pow(tf.constant(self.share, tf.float64), done)
        # A share of 0.7 of 10 is 7, whatever the last bit of 0.7 says.
        return tf.cast(tf.math.ceil(share * tf.cast(batch_size, tf.float64) - 1e-6), tf.int32)

    def select(self, logits, images_seen, *others):
        """Returns the k highest logits, and the rows of other tensors that stand beside them.

        Args:
            logits: float32 [N, 1].
            images_seen: images before the step.
            *others: tensors [N, ...], or None.

        Returns:
            A list: logits [k, 1], and of each other one its rows [k, ...], or None.
        """
        scores = logits[:, 0]
        _, rows = tf.math.top_k(scores, self.count(tf.shape(scores)[0], images_seen))
        return [None if tensor is None else tf.gather(tensor, rows) for tensor in (logits, *others)]

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"share": self.share, "kimg": self.kimg}

    @classmethod
    def from_config(cls, config):
        """Builds it from what `get_config` returned."""
        return cls(**config)
