"""Draws and writes one shard of images, in a worker process."""

from pathlib import Path

import apache_beam as beam
from apache_beam.utils.shared import Shared

from pipeline.beam.running import limit_threads
from pipeline.bulk import painters
from pipeline.bulk.image_shard import ImageShard
from tfdogs.errors import TfdogsError

SPLIT = "train"  # the one that is read where none is named


class DrawShard(beam.DoFn):
    """Draws the shard of a `Span`; see `SampleImages`. The generator is loaded once a process."""

    def __init__(self, config, *, fingerprint, threads=0):
        self._config, self._fingerprint, self._threads = config, fingerprint, threads
        self._shared, self._painter = Shared(), None

    def setup(self):
        """Loads the generator."""
        self._painter = self._shared.acquire(self._load)

    def process(self, span):
        """Yields the `ImageShard` of a `Span`; a second time, too."""
        path = Path(self._config.output_dir, span.file_name(SPLIT, ".tfrecord"))
        found = ImageShard.read(path) if path.is_file() else None
        if found is None or found.shard.records != span.count:
            pictures = self._painter.pictures(self._config.seed + span.start, span.count)
            found = ImageShard.write(path, pictures)
        if found is None or found.shard.records != span.count:
            raise TfdogsError(f"{path} was damaged as soon as it was written; is the disk full?")
        yield found

    def _load(self):
        limit_threads(self._threads)
        painter = painters.load(self._config)
        if painter.fingerprint != self._fingerprint:
            place = self._config.model_dir or self._config.export_dir
            raise TfdogsError(
                f"{place} is not what it was when the work began: wait until nothing writes to it any more"
            )
        return painter
