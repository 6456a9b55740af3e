"""From channels to squares of pixels."""

import keras
import tensorflow as tf


class DepthToSpace(keras.layers.Layer):
    """Channels to squares of `patch` by `patch` pixels, and the middle of what is larger than `size`.

    Args:
        patch: side of a square, in pixels.
        size: height and width of the output.
        dtype, name: see `keras.layers.Layer`.
    """

    def __init__(self, patch, size, *, dtype=None, name=None):
        super().__init__(dtype=dtype, name=name)
        self._patch = patch
        self._size = size

    def call(self, inputs):
        """Maps [N, H, W, patch^2 * C] to [N, size, size, C]."""
        x = tf.nn.depth_to_space(inputs, self._patch) if self._patch > 1 else inputs
        margin = (x.shape[1] - self._size) // 2
        return x[:, margin : margin + self._size, margin : margin + self._size]
