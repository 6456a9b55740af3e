"""Ends `fit` of several workers in the same step."""

import keras

from tfdogs.training.callbacks.stop import Stop


class Agreement(keras.callbacks.Callback):
    """Makes what one worker has decided after a step the decision of all: the last callback of each.

    A worker that stopped alone would leave the others waiting for its gradients. After every call into
    TensorFlow five numbers are added up: whether time is over, which signal came, or a callback wants to end
    training. At the end of training all wait here until the slowest has done its part.

    Args:
        workers: `tfdogs.training.workers.Workers`.
        stop: this worker's `Stop`; learns of the others' reasons.
    """

    REASONS = ("time", *(number.name for number in Stop.SIGNALS))

    def __init__(self, workers, stop):
        super().__init__()
        self._workers = workers
        self._stop = stop

    def on_train_batch_end(self, batch, logs=None):
        self._agree()

    def on_train_end(self, logs=None):
        self._agree()

    def _agree(self):
        given = self._stop.reason
        *reasons, ends = self._workers.any(
            *(given == reason for reason in self.REASONS), self.model.stop_training
        )
        agreed = next((name for name, there in zip(self.REASONS, reasons) if there), None)
        if self._stop.reason is None:  # a signal may have come meanwhile: it is told after the next step
            self._stop.reason = agreed
        self.model.stop_training = ends or agreed is not None
