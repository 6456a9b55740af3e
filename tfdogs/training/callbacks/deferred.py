"""Puts an error off until all workers have stopped in good order."""

import keras


class Deferred(keras.callbacks.Callback):
    """Calls another callback, and keeps its first error where that would leave other workers waiting.

    The error ends `fit`, and the callback is not called again. `Agreement` tells the other workers.

    Args:
        callback: has the work of one worker only, such as an evaluation.

    Attributes:
        error: the exception, or None.
    """

    def __init__(self, callback):
        super().__init__()
        self._callback = callback
        self.error = None

    def set_model(self, model):
        super().set_model(model)
        self._callback.set_model(model)

    def on_train_begin(self, logs=None):
        self._try(self._callback.on_train_begin, logs)

    def on_train_batch_end(self, batch, logs=None):
        self._try(self._callback.on_train_batch_end, batch, logs)

    def on_train_end(self, logs=None):
        self._try(self._callback.on_train_end, logs)

    def _try(self, call, *arguments):
        if self.error is not None:
            return
        try:
            call(*arguments)
        except Exception as e:
            self.error = e
            self.model.stop_training = True
