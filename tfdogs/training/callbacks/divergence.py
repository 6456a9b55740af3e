"""Ends training before a diverged state can be saved."""

import math

import keras

from tfdogs.errors import TfdogsError


class Diverged(TfdogsError):
    """Weights or losses are no longer finite numbers: this state is not to be saved.

    Args:
        kimg: thousands of images seen.
        reason: what is not finite, a clause.
    """

    def __init__(self, kimg, reason):
        super().__init__(f"training has diverged at kimg {kimg:.3f}: {reason}")
        self.kimg, self.reason = kimg, reason


class Divergence(keras.callbacks.Callback):
    """Raises when a metric is no longer finite. Stands before `Checkpoint` in the list of callbacks.

    Raises:
        Diverged: from `fit`, naming the metrics and the moment.
    """

    def on_train_batch_end(self, batch, logs=None):
        broken = [name for name, value in (logs or {}).items() if not math.isfinite(float(value))]
        if broken:
            kimg = int(self.model.images_seen.numpy()) / 1000
            raise Diverged(kimg, f"{', '.join(broken)} not finite")
