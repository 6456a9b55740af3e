"""The embedding."""

import keras
import tensorflow as tf

from tfdogs.models.spectral_norm.spectral_normalized import SpectralNormalized


@keras.saving.register_keras_serializable("tfdogs")
class SNEmbedding(SpectralNormalized):
    """A table of vectors, spectrally normalized: int [N] -> [N, output_dim].

    Args:
        input_dim: number of vectors.
        output_dim: length of a vector.
        **kwargs: see `SpectralNormalized`; there is no bias.
    """

    def __init__(self, input_dim, output_dim, **kwargs):
        super().__init__(**{**kwargs, "use_bias": False})
        self.input_dim = input_dim
        self.output_dim = output_dim

    def build(self, input_shape=None):
        self.embeddings = self.add_kernel((self.input_dim, self.output_dim), "embeddings")

    def call(self, inputs, training=None):
        return tf.cast(tf.gather(self.normalized(self.embeddings, training), inputs), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.output_dim)

    def get_config(self):
        return {"input_dim": self.input_dim, "output_dim": self.output_dim, **super().get_config()}
