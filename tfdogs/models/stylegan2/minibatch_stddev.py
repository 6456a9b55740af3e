"""What tells the discriminator how varied a batch is."""

import keras
import tensorflow as tf
from keras import layers

_EPSILON = 1e-8
_MOMENTUM = 0.99


@keras.saving.register_keras_serializable("tfdogs")
class MinibatchStddev(layers.Layer):
    """Appends the standard deviation within a group of images as a channel (Karras et al. 2018, section 3).

    A batch, of each replica, is split into groups of the largest size up to `group_size` that divides it; one
    that has no such divisor is one group. In inference, where an image's verdict must not depend on its
    company, the channel has the average of the values in training.

    Args:
        group_size: default 4.
        dtype, name: see `keras.layers.Layer`; the statistics are computed in float32.
    """

    def __init__(self, group_size=4, **kwargs):
        super().__init__(**kwargs)
        self.group_size = group_size

    def build(self, input_shape):
        self.moving_stddev = self.add_weight(
            "moving_stddev",
            (),
            dtype="float32",
            initializer="zeros",
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.MEAN,
            experimental_autocast=False,
        )
        self.built = True

    def call(self, inputs, training=None):
        """Appends a channel: [N, H, W, C] -> [N, H, W, C + 1]."""
        count, (height, width) = tf.shape(inputs)[0], inputs.shape[1:3]
        if training:
            stddev = self._stddev(tf.cast(inputs, tf.float32), count)  # [N]
            step = tf.reduce_mean(tf.stop_gradient(stddev)) - self.moving_stddev
            self.moving_stddev.assign_add((1.0 - _MOMENTUM) * step)
        else:
            stddev = tf.fill([count], tf.convert_to_tensor(self.moving_stddev))
        channel = tf.broadcast_to(stddev[:, None, None, None], [count, height, width, 1])
        return tf.concat([inputs, tf.cast(channel, inputs.dtype)], -1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self):
        return {**super().get_config(), "group_size": self.group_size}

    def _stddev(self, x, count):
        sizes = tf.range(1, self.group_size + 1)
        size = tf.reduce_max(tf.where(count % sizes == 0, sizes, 1))
        size = tf.where(size == 1, count, size)
        # Image i is in group i modulo their number.
        groups = tf.reshape(x, [size, count // size, *x.shape[1:]])
        variance = tf.reduce_mean(tf.square(groups - tf.reduce_mean(groups, 0)), 0)
        stddev = tf.reduce_mean(tf.sqrt(variance + _EPSILON), [1, 2, 3])
        return tf.tile(stddev, [size])
