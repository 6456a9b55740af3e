"""Sheets of samples from fixed latents."""

from pathlib import Path

from tfdogs.sampling import grid
from tfdogs.training.callbacks.decoration import Decoration
from tfdogs.training.callbacks.every_kimg import EveryKimg


class Sheets(EveryKimg):
    """Writes `fakesNNNNNN.png` (NNNNNN: kimg) every `kimg` thousand images, from kimg 0 on.

    The latents are the same on every sheet, those of seeds 0, 1, ...: a dog can be followed from noise on.
    Where one cannot be written, a line on stderr says so once, and training goes on. Sheets beyond the
    checkpoint that a run resumes from are removed: after a rollback other ones follow.

    Args:
        directory: where the sheets go; created when needed.
        kimg: thousands of images from one sheet to the next.
        columns: columns, and rows, of a sheet; default 8.
    """

    def __init__(self, directory, kimg, *, columns=8):
        super().__init__(kimg, at_start=True, at_end=True)
        self._directory = Path(directory)
        self._columns = columns
        self._decoration = Decoration(f"sheets to {directory}")

    def on_train_begin(self, logs=None):
        with self._decoration():
            for path in self._directory.glob("fakes*.png"):
                number = path.stem.removeprefix("fakes")
                if number.isdecimal() and int(number) > self.images_seen // 1000:
                    path.unlink()
        super().on_train_begin(logs)

    def act(self, images_seen, logs):
        if 0 < images_seen < 1000:
            return  # sheets are numbered by kimg, and number 0 is the untrained generator's
        images = self.model.generate(self._columns**2)
        path = self._directory / f"fakes{images_seen // 1000:06d}.png"
        with self._decoration():
            self._directory.mkdir(parents=True, exist_ok=True)
            grid.save_png(grid.tile(images, columns=self._columns), path)
