"""Self-attention over a feature map."""

import keras
import tensorflow as tf
from keras import layers

from tfdogs.models.spectral_norm import SNConv2D, fresh


@keras.saving.register_keras_serializable("tfdogs")
class SelfAttention(layers.Layer):
    """x + gamma * what each place gathers from all others: [N, H, W, C] -> [N, H, W, C].

    Zhang et al. 2019, "Self-Attention Generative Adversarial Networks", section 3, as in its authors' code:
    queries and keys of C / 8 channels, values of C / 2, keys and values at half the resolution by max
    pooling. gamma starts from 0: the layer does nothing until it has learned.

    Args:
        spectral_norm: whether its four 1 x 1 convolutions are spectrally normalized; default True.
        kernel_initializer: theirs; default "glorot_uniform".
        **kwargs: a layer's: `dtype`, its policy, and `name`. The softmax is float32 in any case.
    """

    def __init__(self, *, spectral_norm=True, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.spectral_norm = spectral_norm
        self.kernel_initializer = fresh(kernel_initializer)

    def build(self, input_shape):
        channels = input_shape[-1]
        inner, half = max(channels // 8, 1), max(channels // 2, 1)
        self.query, self.key, self.value, self.out = (
            SNConv2D(
                filters,
                1,
                use_bias=False,
                spectral_norm=self.spectral_norm,
                kernel_initializer=self.kernel_initializer,
                dtype=self.dtype_policy,
                name=name,
            )
            for name, filters in (("query", inner), ("key", inner), ("value", half), ("out", channels))
        )
        for convolution in (self.query, self.key, self.value):
            convolution.build(input_shape)
        self.out.build((*input_shape[:-1], half))
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")
        self.built = True

    def call(self, inputs, training=None):
        query = _places(self.query(inputs, training=training))
        key, value = (
            _places(tf.nn.max_pool2d(convolution(inputs, training=training), 2, 2, "VALID"))
            for convolution in (self.key, self.value)
        )
        scores = tf.cast(tf.matmul(query, key, transpose_b=True), "float32")
        gathered = tf.matmul(tf.cast(tf.nn.softmax(scores), value.dtype), value)
        gathered = tf.reshape(gathered, [-1, *inputs.shape[1:3], value.shape[-1]])
        return inputs + tf.cast(self.gamma, inputs.dtype) * self.out(gathered, training=training)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "spectral_norm": self.spectral_norm,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def _places(features):
    return tf.reshape(features, [-1, features.shape[1] * features.shape[2], features.shape[3]])
