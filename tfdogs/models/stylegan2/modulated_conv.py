"""The convolution whose kernel a style scales."""

import math

import keras
import tensorflow as tf
from keras import layers

from tfdogs.models import resampling

_EPSILON = 1e-8


@keras.saving.register_keras_serializable("tfdogs")
class ModulatedConv2D(layers.Layer):
    """Convolution with a kernel of its own for each image (Karras et al. 2020, equations 1 and 3).

    An image's kernel is the layer's, its input channels scaled by the image's style; with demodulation each
    output channel is then divided by its kernel's norm. Both commute with the convolution: here the inputs
    and the outputs are scaled instead, and all images go through one convolution with one kernel.

    Args:
        filters: channels of the output.
        kernel_size: 1 or 3.
        upsample: whether the image is doubled and filtered too; default no.
        demodulate: default yes.
        gain: factor on the output; default 1.
        dtype, name: see `keras.layers.Layer`.
    """

    def __init__(self, filters, kernel_size, *, upsample=False, demodulate=True, gain=1.0, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.upsample = upsample
        self.demodulate = demodulate
        self.gain = gain

    def build(self, input_shape):
        size, normal = self.kernel_size, keras.initializers.RandomNormal(stddev=1.0)
        shape = (size, size, input_shape[-1], self.filters)
        # Scaled, filtered and measured in float32, and rounded once.
        self.kernel = self.add_weight("kernel", shape, initializer=normal, experimental_autocast=False)
        self.built = True

    def call(self, inputs, styles):
        """Convolves.

        Args:
            inputs: [N, H, W, C].
            styles: float32 [N, C].

        Returns:
            [N, H, W, filters], or [N, 2H, 2W, filters] with `upsample`, in the layer's compute dtype.
        """
        scale = 1.0 / math.sqrt(self.kernel_size**2 * inputs.shape[-1])
        kernel = scale * self.kernel
        gain = self.gain
        if self.demodulate:
            norms = tf.reduce_sum(tf.square(kernel), [0, 1])  # [C, filters], squared
            gain *= tf.math.rsqrt(tf.matmul(tf.square(styles), norms) + _EPSILON)[:, None, None, :]
        x = inputs * tf.cast(styles, inputs.dtype)[:, None, None, :]
        if self.upsample:
            x = resampling.conv_up(x, kernel)
        else:
            x = tf.nn.conv2d(x, tf.cast(kernel, x.dtype), 1, "SAME")
        return x * tf.cast(gain, x.dtype)

    def compute_output_shape(self, input_shape):
        doubled = 2 if self.upsample else 1
        return (input_shape[0], doubled * input_shape[1], doubled * input_shape[2], self.filters)

    def get_config(self):
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "upsample": self.upsample}
        return {**super().get_config(), **own, "demodulate": self.demodulate, "gain": self.gain}
