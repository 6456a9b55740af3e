"""The dense layer."""

import keras
import tensorflow as tf

from tfdogs.models.spectral_norm.spectral_normalized import SpectralNormalized


@keras.saving.register_keras_serializable("tfdogs")
class SNDense(SpectralNormalized):
    """A dense layer, spectrally normalized: [N, D] -> [N, units].

    Args:
        units: numbers that come out.
        **kwargs: see `SpectralNormalized`.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_kernel((input_shape[-1], self.units))

    def call(self, inputs, training=None):
        kernel = tf.cast(self.normalized(self.kernel, training), self.compute_dtype)
        return self._biased(tf.matmul(inputs, kernel))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {"units": self.units, **super().get_config()}
