"""Ends `fit` in good order: on a signal, or when its time is over."""

import signal
import time

import keras


class Stop(keras.callbacks.Callback):
    """Ends `fit` after the batch in which SIGTERM, SIGHUP or Ctrl-C came or the time ran out.

    What other callbacks do at the end of training, a checkpoint above all, is then done: call `restore`
    after `fit`. A second signal ends the process at once, but not a second SIGHUP: where a terminal closes,
    the shell sends one beside the system's. Where SIGHUP is ignored, as by nohup, it stays so.

    Args:
        max_seconds: time from the beginning of `fit`; 0 for no limit.

    Attributes:
        reason: why training was ended: None, "time", "SIGTERM", "SIGINT" or "SIGHUP".
    """

    SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def __init__(self, max_seconds=0.0):
        super().__init__()
        self._max_seconds = max_seconds
        self._handlers = {}
        self.reason = None

    def on_train_begin(self, logs=None):
        self._deadline = time.monotonic() + self._max_seconds if self._max_seconds else None
        heard = [number for number in self.SIGNALS if not _is_ignored(number)]
        self._handlers = {number: signal.signal(number, self._receive) for number in heard}

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
        if signal.SIGHUP in self.SIGNALS and not _is_ignored(signal.SIGHUP):
            self._handlers = {signal.SIGHUP: signal.signal(signal.SIGHUP, signal.SIG_IGN)}
        self.reason = signal.Signals(number).name


def _is_ignored(number):
    """Says whether a closing terminal is to be ignored."""
    return number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN
