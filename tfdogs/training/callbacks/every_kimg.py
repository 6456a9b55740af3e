"""The base of callbacks that act every so many images."""

import keras


class EveryKimg(keras.callbacks.Callback):
    """Calls `act` at the end of the batch in which the images seen pass a multiple of `kimg` thousand.

    The moments follow from the images seen alone, so a resumed run acts at the same ones.

    Args:
        kimg: thousands of images from one call to the next, over 0.
        at_start: also act when training begins at image 0.
        at_end: also act when training ends between two moments.

    Raises:
        ValueError: `kimg` is not over 0.
    """

    def __init__(self, kimg, *, at_start=False, at_end=False):
        super().__init__()
        if not kimg > 0:
            raise ValueError(f"kimg must be over 0. Received: kimg={kimg}")
        self._images = max(round(kimg * 1000), 1)
        self._at_start, self._at_end = at_start, at_end
        self._last, self._logs = None, {}

    @property
    def images_seen(self):
        """Images that the model has seen, an int."""
        return int(self.model.images_seen.numpy())

    def on_train_begin(self, logs=None):
        self._last = self.images_seen
        if self._at_start and self._last == 0:
            self.act(0, {})

    def on_train_batch_end(self, batch, logs=None):
        seen, self._logs = self.images_seen, logs or {}
        if seen // self._images > self._last // self._images:
            self._last = seen
            self.act(seen, self._logs)

    def on_train_end(self, logs=None):
        if self._at_end and self.images_seen > self._last:
            self._last = self.images_seen
            self.act(self._last, self._logs)

    def act(self, images_seen, logs):
        """Does the work.

        Args:
            images_seen: images until now.
            logs: the metrics' means since they were last reset, name to float.
        """
        raise TypeError(f"{type(self).__name__} must define act(images_seen, logs)")
