"""From squares of pixels to channels."""

import keras
import tensorflow as tf


class SpaceToDepth(keras.layers.Layer):
    """Squares of `patch` by `patch` pixels to channels.

    Args:
        patch: side of a square, in pixels; it divides the input's height and width.
        dtype, name: see `keras.layers.Layer`.
    """

    def __init__(self, patch, *, dtype=None, name=None):
        super().__init__(dtype=dtype, name=name)
        self._patch = patch

    def call(self, inputs):
        """Maps [N, H, W, C] to [N, H / patch, W / patch, patch^2 * C]."""
        return tf.nn.space_to_depth(inputs, self._patch) if self._patch > 1 else inputs
