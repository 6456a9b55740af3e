"""The base: a kernel divided by its largest singular value."""

import keras
import tensorflow as tf
from keras import layers

from tfdogs.models.spectral_norm.initializer import fresh

_EPSILON = 1e-12


class SpectralNormalized(layers.Layer):
    """Base of layers whose kernel is divided by its largest singular value, sigma.

    Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", algorithm 1. The kernel
    is read as a matrix [everything else, outputs]. One power iteration a call, begun from the vector `u` that
    the last one in training left, finds its singular vectors; the gradient takes these as constant and goes
    through W / sigma(W) (equation 12). The kernel itself is never overwritten. What a call computes is the
    same in training and out of it: training only moves `u`, a weight that is not trained, unless the layer is
    frozen.

    Args:
        spectral_norm: False for a layer without the normalization; default True.
        use_bias: whether to add a bias, zero at first; default True.
        kernel_initializer: default "glorot_uniform".
        **kwargs: a layer's: `dtype`, its policy, and `name`. The normalization is in float32 under every
            mixed policy.
    """

    def __init__(self, *, spectral_norm=True, use_bias=True, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.spectral_norm = spectral_norm
        self.use_bias = use_bias
        self.kernel_initializer = fresh(kernel_initializer)

    def add_kernel(self, shape, name="kernel"):
        """Creates a kernel, whose last axis is the outputs', with what belongs to it, and returns it."""
        kernel = self.add_weight(
            name=name, shape=shape, initializer=self.kernel_initializer, experimental_autocast=False
        )
        self.bias = (
            self.add_weight(name="bias", shape=shape[-1:], initializer="zeros") if self.use_bias else None
        )
        self.u = None
        if self.spectral_norm:
            self.u = self.add_weight(
                name="u",
                shape=(shape[-1], 1),
                initializer=keras.initializers.RandomNormal(),
                trainable=False,
                experimental_autocast=False,
                # It follows from the kernel alone: each replica moves its own copy, also in a tf.cond.
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            )
        self.built = True
        return kernel

    def normalized(self, kernel, training=None):
        """Returns kernel / sigma in the variable's dtype, and moves `u` in training."""
        kernel = tf.convert_to_tensor(kernel)
        if not self.spectral_norm:
            return kernel
        matrix = tf.reshape(kernel, [-1, kernel.shape[-1]])
        constant = tf.stop_gradient(matrix)
        v = _unit(tf.matmul(constant, self.u))
        u = _unit(tf.matmul(constant, v, transpose_a=True))
        if training and self.trainable:  # frozen, it computes the same for ever
            self.u.assign(u)
        sigma = tf.matmul(v, tf.matmul(matrix, u), transpose_a=True)
        return kernel / tf.maximum(tf.reshape(sigma, []), _EPSILON)

    def get_config(self):
        return {
            **super().get_config(),
            "spectral_norm": self.spectral_norm,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }

    def _biased(self, outputs):
        return outputs if self.bias is None else tf.nn.bias_add(outputs, tf.cast(self.bias, outputs.dtype))


def _unit(vector):
    return vector * tf.math.rsqrt(tf.maximum(tf.reduce_sum(tf.square(vector)), _EPSILON**2))
