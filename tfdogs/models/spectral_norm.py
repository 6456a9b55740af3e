"""Spectral normalization by reparametrization, whose gradient is the true one."""

import keras
import tensorflow as tf
from keras import layers

RESAMPLINGS = (None, "up", "down")
_EPSILON = 1e-12


class SpectralNormalized(layers.Layer):
    """Base of layers whose kernel is divided by its largest singular value, sigma.

    Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", algorithm 1. The kernel
    is read as a matrix [everything else, outputs]. One power iteration a call, begun from the vector `u` that
    the last one in training left, finds its singular vectors; the gradient takes these as constant and goes
    through W / sigma(W) (equation 12). The kernel itself is never overwritten. What a call computes is the
    same in training and out of it: training only moves `u`, a weight that is not trained.

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
        if training:
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


@keras.saving.register_keras_serializable("tfdogs")
class SNConv2D(SpectralNormalized):
    """A convolution that keeps height and width, spectrally normalized, with a change of size joined to it.

    Joined, nearest-neighbour doubling and a k x k convolution are one transposed convolution of k + 1 and
    stride 2, and a convolution and 2 x 2 averaging are one of k + 1 and stride 2: the same numbers, for k = 3
    from 2.25 times fewer products. What is normalized is the k x k kernel, as in the papers.

    Args:
        filters: channels that come out.
        kernel_size: k, odd; default 3.
        resample: "up" doubles height and width before the convolution, "down" halves them, which must be
            even, after it; None, the default, does neither.
        **kwargs: see `SpectralNormalized`.

    Raises:
        ValueError: an even `kernel_size`, or an unknown `resample`.
    """

    def __init__(self, filters, kernel_size=3, *, resample=None, **kwargs):
        super().__init__(**kwargs)
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd. Received: kernel_size={kernel_size}")
        if resample not in RESAMPLINGS:
            legal = ", ".join(map(str, RESAMPLINGS))
            raise ValueError(f"resample must be one of {legal}. Received: resample={resample!r}")
        self.filters = filters
        self.kernel_size = kernel_size
        self.resample = resample

    def build(self, input_shape):
        self.kernel = self.add_kernel((self.kernel_size, self.kernel_size, input_shape[-1], self.filters))

    def call(self, inputs, training=None):
        kernel = self.normalized(self.kernel, training)
        if self.resample == "up":
            # A transposed convolution takes the kernel turned by half a circle, outputs before inputs.
            kernel = _widened(tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2]))
            shape = (tf.shape(inputs)[0], *self.compute_output_shape(inputs.shape)[1:])
            outputs = tf.nn.conv2d_transpose(inputs, tf.cast(kernel, self.compute_dtype), shape, 2)
        elif self.resample == "down":
            kernel = tf.cast(_widened(kernel) / 4.0, self.compute_dtype)
            outputs = tf.nn.conv2d(inputs, kernel, 2, "SAME")
        else:
            outputs = tf.nn.conv2d(inputs, tf.cast(kernel, self.compute_dtype), 1, "SAME")
        return self._biased(outputs)

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        if self.resample == "up":
            height, width = 2 * height, 2 * width
        elif self.resample == "down":
            height, width = height // 2, width // 2
        return (batch, height, width, self.filters)

    def get_config(self):
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "resample": self.resample}
        return {**own, **super().get_config()}


def fresh(initializer):
    """Returns a copy of an initializer: layers that shared one without a seed would start alike."""
    initializer = keras.initializers.get(initializer)
    return type(initializer).from_config(initializer.get_config())


def _unit(vector):
    return vector * tf.math.rsqrt(tf.maximum(tf.reduce_sum(tf.square(vector)), _EPSILON**2))


def _widened(kernel):
    """Convolves a kernel [k, k, I, O] with a square of 2 x 2 ones: [k + 1, k + 1, I, O]."""
    kernel = tf.pad(kernel, [[0, 1], [0, 0], [0, 0], [0, 0]]) + tf.pad(
        kernel, [[1, 0], [0, 0], [0, 0], [0, 0]]
    )
    return tf.pad(kernel, [[0, 0], [0, 1], [0, 0], [0, 0]]) + tf.pad(kernel, [[0, 0], [1, 0], [0, 0], [0, 0]])
