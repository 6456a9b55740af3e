"""The accuracy on test images while a network learns, closely watched in the first epoch."""

import keras
import numpy as np
import tensorflow as tf

from tfdogs.errors import TfdogsError

_CHUNK = 256  # images


class AccuracyCurve(keras.callbacks.Callback):
    """Tests a network before the first step, `early_points` times in the first epoch, and after every epoch.

    Args:
        tests: kind -> (uint8 images [N, H, W, C], int labels [N]).
        steps_per_epoch: steps of an epoch of `fit`.
        batch_size: images a step.
        early_points: tests in the first epoch, the one at its end among them, at least 1.

    Attributes:
        lines: what was measured, dicts as `tfdogs.classification.point.Point.curve` has them.
        right: kind -> bool [N], which images the network told right when it was tested last.

    Raises:
        TfdogsError: from `fit`, where the loss is not finite.
    """

    def __init__(self, tests, *, steps_per_epoch, batch_size, early_points=8):
        super().__init__()
        self._tests, self._batch_size, self._steps = tests, batch_size, steps_per_epoch
        marks = (round(steps_per_epoch * place / early_points) for place in range(1, early_points + 1))
        self._early = {mark for mark in marks if mark > 0}
        self._step = 0
        self.lines, self.right = [], {}

    def on_train_begin(self, logs=None):
        images, _ = next(iter(self._tests.values()))
        shape = tf.TensorSpec([None, *images.shape[1:]], images.dtype)
        self._judge = tf.function(self._classes, input_signature=[shape])
        self._measure({})

    def on_train_batch_end(self, batch, logs=None):
        self._step += 1
        if self._step in self._early or self._step % self._steps == 0:
            if not np.isfinite(logs["loss"]):
                raise TfdogsError(
                    f"the loss is {logs['loss']} at step {self._step}: try a lower --learning_rate"
                )
            self._measure(logs)
            self.model.reset_metrics()

    def _measure(self, logs):
        self.right = {
            kind: np.concatenate(
                [self._told(images, labels, start) for start in range(0, len(labels), _CHUNK)]
            )
            for kind, (images, labels) in self._tests.items()
        }
        self.lines.append(
            {
                "epoch": self._step / self._steps,
                "images": self._step * self._batch_size,
                "loss": float(logs["loss"]) if logs else None,
                "train": float(logs["accuracy"]) if logs else None,
                **{kind: float(np.mean(right)) for kind, right in self.right.items()},
            }
        )

    def _classes(self, images):
        return tf.argmax(self.model(images, training=False), axis=1, output_type=tf.int32)

    def _told(self, images, labels, start):
        rows = slice(start, start + _CHUNK)
        return self._judge(tf.constant(images[rows])).numpy() == labels[rows]
