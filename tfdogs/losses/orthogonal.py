"""Orthogonal regularization of the weights."""

import keras
import tensorflow as tf

from tfdogs.losses.regularizer import Regularizer, register


@register
class Orthogonal(Regularizer):
    """weight * sum over kernels W of |W'W * (1 - I)|^2, the Frobenius norm of what is off the diagonal.

    Brock et al. 2019, "Large Scale GAN Training for High Fidelity Natural Image Synthesis" (BigGAN),
    equation 3: filters shall be at right angles, of whatever length. W has a column for each output of a
    layer. Kernels are the attributes `kernel` of trainable layers; embeddings have none.

    Args:
        weight: beta; default 1e-4.
        network: "generator" or "discriminator"; default "generator".
        interval: see `Regularizer`.
        schedule: see `Regularizer`.

    Raises:
        ValueError: an unknown network.
    """

    reads_fakes = False

    def __init__(self, weight=1e-4, *, network="generator", interval=1, schedule=None):
        super().__init__(interval, schedule=schedule)
        if network not in ("generator", "discriminator"):
            raise ValueError(f"network must be generator or discriminator. Received: network={network!r}")
        self.weight, self.network = float(weight), network

    @property
    def name(self):
        """g_orthogonal or d_orthogonal."""
        return f"{self.network[0]}_orthogonal"

    def __call__(self, first, *others):
        model = first if self.network == "generator" else first.network  # of `discriminate`
        return self.weight * tf.add_n([tf.zeros([]), *(_off_diagonal(w) for w in _matrices(model))])

    def get_config(self):
        return {"weight": self.weight, "network": self.network, **super().get_config()}


def _matrices(model):
    """Returns the trainable kernels as float32 matrices with a column an output."""
    trainable, found = {id(variable) for variable in model.trainable_variables}, {}
    for layer in model.submodules:
        kernel = getattr(layer, "kernel", None)
        if id(kernel) in trainable and len(kernel.shape) >= 2:
            # The transposed convolution's kernel has the outputs before the inputs.
            transposed = isinstance(layer, keras.layers.Conv2DTranspose)
            columns_last = tf.einsum("hwoi->hwio", kernel) if transposed else kernel
            matrix = tf.reshape(columns_last, [-1, columns_last.shape[-1]])
            found[id(kernel)] = tf.cast(matrix, tf.float32)
    return list(found.values())


def _off_diagonal(matrix):
    """Returns |W'W * (1 - I)|^2, a float32 scalar."""
    # |W'W|^2 = |WW'|^2: a dense layer onto 4 x 4 x 512 has a W'W of 67 million numbers, and a small WW'.
    rows, columns = matrix.shape
    gram = tf.matmul(matrix, matrix, transpose_a=columns <= rows, transpose_b=columns > rows)
    diagonal = tf.reduce_sum(tf.square(matrix), axis=0)
    return tf.reduce_sum(tf.square(gram)) - tf.reduce_sum(tf.square(diagonal))
