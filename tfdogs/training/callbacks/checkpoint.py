"""Checkpoints while `fit` runs."""

from tfdogs.training.callbacks.every_kimg import EveryKimg


class Checkpoint(EveryKimg):
    """Saves the full state every `kimg` thousand images and at the end of `fit`.

    Args:
        checkpoints: `tfdogs.training.checkpoints.Checkpoints`.
        kimg: thousands of images from one checkpoint to the next.
    """

    def __init__(self, checkpoints, kimg):
        super().__init__(kimg, at_end=True)
        self._checkpoints = checkpoints

    def act(self, images_seen, logs):
        self._checkpoints.save()
