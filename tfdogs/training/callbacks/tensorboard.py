"""Scalars for TensorBoard."""

import tensorflow as tf

from tfdogs.training.callbacks.decoration import Decoration


class TensorBoard:
    """Writes scalars to TensorBoard's files; where these cannot be written it warns once.

    Args:
        folder: where the files go; created when needed.
    """

    def __init__(self, folder):
        self._decoration = Decoration(folder)
        self._writer = None
        with self._decoration():
            self._writer = tf.summary.create_file_writer(str(folder))

    def write(self, values, step):
        """Writes scalars and flushes.

        Args:
            values: dict from names to numbers.
            step: images seen.
        """
        if self._writer is None:
            return
        with self._decoration():
            with self._writer.as_default(step=step):
                for name, value in values.items():
                    tf.summary.scalar(name, value)
            self._writer.flush()

    def close(self):
        """Closes the files."""
        if self._writer is not None:
            with self._decoration():
                self._writer.close()
