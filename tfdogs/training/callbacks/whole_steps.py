"""Tells whether an error came between two training steps or in the middle of one."""

import keras


class WholeSteps(keras.callbacks.Callback):
    """Notes the optimizers' steps after each batch, as the first callback: before others raise."""

    def on_train_begin(self, logs=None):
        self._last = self._steps()

    def on_train_batch_end(self, batch, logs=None):
        self._last = self._steps()

    def now(self):
        """Says whether the model's state is one between two steps, which a checkpoint can be made of."""
        return self._last == self._steps()

    def _steps(self):
        model = self.model
        counters = (model.images_seen, model.g_optimizer.iterations, model.d_optimizer.iterations)
        return [int(counter.numpy()) for counter in counters]
