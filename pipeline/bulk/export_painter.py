"""An export's generator in a worker process."""

from pathlib import Path

from tfdogs.errors import UsageError
from tfdogs.metrics.extractors.extractor import fingerprint
from tfdogs.sampling.drawing import Picture
from tfdogs.sampling.sampler import chunk_size
from tfdogs.serving import version_folders
from tfdogs.serving.client.local_client import LocalClient

_CHUNKS = 8  # drawn at once; how many images a chunk has the export's graph decides


class ExportPainter:
    """Draws with an export: the same pixels as the run that it was made of, on the same kind of machine.

    Args:
        config: a `Config` with `export_dir`, `label` and `truncation`.

    Attributes:
        image_size, channels, classes, fingerprint, told: as of `RunPainter`.

    Raises:
        UsageError: there is no version in `export_dir`, or the model has no such class.
        TfdogsError: it cannot be loaded.
    """

    def __init__(self, config):
        folder = newest(config.export_dir)
        self._client = LocalClient(folder)
        card = self._client.card()
        self.image_size, width, self.channels = card["image_shape"]
        if width != self.image_size:
            shape = f"{self.image_size}x{width}"
            config.reject("export_dir", f"must be of a model that draws squares, and this one draws {shape}")
        self._batch = _CHUNKS * chunk_size(card["image_shape"])
        self.classes = tuple(card["classes"])
        self._truncation, self._label = config.truncation or None, self._index(config)
        self.fingerprint = fingerprint(folder)
        self.told = f"{card['model']} at {card['kimg']:g} kimg"

    def pictures(self, seed, count):
        """Yields `count` `Picture`s from `seed` on; a batch is in memory at a time."""
        for start in range(seed, seed + count, self._batch):
            seeds = range(start, min(start + self._batch, seed + count))
            labels = [None] * len(seeds)
            if self.classes:
                labels = [
                    number % len(self.classes) if self._label is None else self._label for number in seeds
                ]
            given = labels if self.classes else None
            files = self._client.generate(list(seeds), truncation=self._truncation, labels=given)
            yield from map(Picture, seeds, labels, files)

    def _index(self, config):
        text = config.label.strip()
        if not text:
            return None
        if text in self.classes:
            return self.classes.index(text)
        if text.isascii() and text.isdigit() and int(text[:20]) < len(self.classes):
            return int(text)
        config.reject("label", f"must be one of the model's {len(self.classes)} classes, by name or index")


def newest(export_dir):
    """Returns the folder of the newest version of an export, or of the one that is named itself.

    Raises:
        UsageError: there is none.
    """
    path = Path(export_dir).resolve()
    if (path / "saved_model.pb").is_file():
        return path
    versions = version_folders.versions(path) if path.is_dir() else {}
    if not versions:
        raise UsageError(
            "--export_dir must be an export that python -m tfdogs.export has left. "
            f"Received: --export_dir={export_dir}"
        )
    return versions[max(versions)]
