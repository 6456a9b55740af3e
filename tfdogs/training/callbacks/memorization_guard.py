"""Raises the alarm when the generator copies its training images."""

from pathlib import Path

import numpy as np

from tfdogs.metrics import memorization, pairs
from tfdogs.metrics.neighbours import nearest
from tfdogs.sampling import grid
from tfdogs.training.callbacks.decoration import Decoration

_PAIRS = 24  # on a sheet
_COLUMNS = 4  # pairs a row


class MemorizationGuard:
    """Compares the fakes' distances to the training images with unseen images': a listener of `Evaluate`.

    The rules are those of `tfdogs.metrics.memorization.judge`. Where one is broken, the evaluation has an
    alarm, and `DIRECTORY/alarms/memorization_kimgNNNNNN.NNN.png` shows fakes beside their nearest training
    images, the nearest first.

    Args:
        directory: the run's folder.
        reals: `FeatureSet` of the training images.
        natural: float [M], `tfdogs.metrics.memorization.natural_distances` of the same images.
        stop: whether an alarm ends training; default False.
        **limits: of `judge`.
    """

    def __init__(self, directory, reals, natural, *, stop=False, **limits):
        self._directory = Path(directory, "alarms")
        self._reals, self._natural = reals, natural
        self._stop, self._limits = stop, limits
        self._decoration = Decoration(f"sheets to {self._directory}")

    def on_evaluation(self, kimg, evaluation, history, *, model, fakes):
        """Returns {"memorization": the figures as a dict}, and an "alarm" where there is one."""
        distances, indices = (values[:, 0] for values in nearest(fakes.pool, self._reals.pool))
        verdict = memorization.judge(distances, self._natural, **self._limits)
        if verdict is None:
            return None
        facts = {"memorization": verdict.to_dict()}
        if verdict.reason:
            path = self._directory / f"memorization_kimg{kimg:010.3f}.png"
            facts["alarm"] = f"the generator copies training images: {verdict.reason}"
            with self._decoration():
                self._write_sheet(path, fakes, pairs.nearest_pairs(distances, indices, _PAIRS))
                facts["alarm"] += f"; see {path}"
            if self._stop:
                model.stop_training = True
        return facts

    def _write_sheet(self, path, fakes, found):
        drawn, known, _ = zip(*found)
        couples = zip(pairs.take(fakes.image_set, drawn), pairs.take(self._reals.image_set, known))
        path.parent.mkdir(parents=True, exist_ok=True)
        sheet = grid.tile(np.stack([np.concatenate(couple, axis=1) for couple in couples]), _COLUMNS, gap=6)
        grid.save_png(sheet, path)
