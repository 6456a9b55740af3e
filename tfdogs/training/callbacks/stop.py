"""Ends `fit` in good order: on a signal, or when its time is over."""

import signal
import time

import keras


class Stop(keras.callbacks.Callback):
    """Ends `fit` after the batch in which SIGTERM or Ctrl-C came or the time ran out.

    What other callbacks do at the end of training, a checkpoint above all, is then done: call `restore`
    after `fit`. A second signal ends the process at once.

    Args:
        max_seconds: time from the beginning of `fit`; 0 for no limit.

    Attributes:
        reason: why training was ended: None, "time", "SIGTERM" or "SIGINT".
    """

    SIGNALS = (signal.SIGTERM, signal.SIGINT)

    def __init__(self, max_seconds=0.0):
        super().__init__()
        self._max_seconds = max_seconds
        self._handlers = {}
        self.reason = None

    def on_train_begin(self, logs=None):
        self._deadline = time.monotonic() + self._max_seconds if self._max_seconds else None
        self._handlers = {number: signal.signal(number, self._receive) for number in self.SIGNALS}

    def on_train_batch_end(self, batch, logs=None):
        if self._deadline is not None and self.reason is None and time.monotonic() >= self._deadline:
            self.reason = "time"
        if self.reason is not None:
            self.model.stop_training = True

    @property
    def signalled(self):
        """Whether it was a signal that ended training."""
        return self.reason is not None and self.reason != "time"

    def restore(self):
        """Gives the signals back to whoever had them."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers = {}

    def _receive(self, number, frame):
        self.restore()
        self.reason = signal.Signals(number).name
