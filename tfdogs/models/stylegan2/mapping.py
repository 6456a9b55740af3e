"""From latents to styles."""

import keras
import tensorflow as tf
from keras import layers

from tfdogs.models.stylegan2.equalized_dense import EqualizedDense

_EPSILON = 1e-8


@keras.saving.register_keras_serializable("tfdogs")
class MappingNetwork(layers.Layer):
    """Dense layers from a latent, and a label's embedding, to w; in float32.

    Latent and embedding are first scaled to a mean square of 1 each (Karras et al. 2018, section 4.2).

    Args:
        w_dim: length of a w, and width of the layers.
        depth: number of layers; default 8.
        lr_multiplier: learning rate in proportion to other layers'; default 0.01.
        num_classes: 0 for an unconditional network.
        name: see `keras.layers.Layer`.
    """

    def __init__(self, w_dim, *, depth=8, lr_multiplier=0.01, num_classes=0, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        self.w_dim = w_dim
        self.depth = depth
        self.lr_multiplier = lr_multiplier
        self.num_classes = num_classes
        self.embedding = None
        self.stack = [
            EqualizedDense(w_dim, leaky=True, lr_multiplier=lr_multiplier, dtype=dtype) for _ in range(depth)
        ]

    def build(self, input_shape):
        """Creates the weights; `input_shape` is the latents'."""
        length = input_shape[-1]
        if self.num_classes:
            normal = keras.initializers.RandomNormal(stddev=1.0)
            self.embedding = layers.Embedding(
                self.num_classes, length, embeddings_initializer=normal, dtype="float32"
            )
            self.embedding.build((None,))
            length *= 2
        for layer in self.stack:
            layer.build((None, length))
            length = self.w_dim
        self.built = True

    def call(self, latents, labels=None):
        """Maps latents, float32 [N, latent_dim], and labels, int [N], to w, float32 [N, w_dim]."""
        x = _normalize(latents)
        if self.embedding is not None:
            x = tf.concat([x, _normalize(self.embedding(labels))], 1)
        for layer in self.stack:
            x = layer(x)
        return x

    def get_config(self):
        own = {"w_dim": self.w_dim, "depth": self.depth, "lr_multiplier": self.lr_multiplier}
        return {**super().get_config(), **own, "num_classes": self.num_classes}


def _normalize(x):
    return x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), 1, keepdims=True) + _EPSILON)
