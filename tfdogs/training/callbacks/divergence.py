"""Ends training before a diverged state can be saved."""

import math

import keras

from tfdogs.errors import TfdogsError


class Divergence(keras.callbacks.Callback):
    """Raises when a metric is no longer finite. Stands before `Checkpoint` in the list of callbacks.

    Raises:
        TfdogsError: from `fit`, naming the metrics and the moment.
    """

    def on_train_batch_end(self, batch, logs=None):
        broken = [name for name, value in (logs or {}).items() if not math.isfinite(float(value))]
        if broken:
            kimg = int(self.model.images_seen.numpy()) / 1000
            raise TfdogsError(
                f"training has diverged at kimg {kimg:.3f}: {', '.join(broken)} not finite. "
                "The last checkpoint is from before; begin anew with lower learning rates or more R1"
            )
