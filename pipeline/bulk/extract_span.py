"""Extracts the features of some images, in a worker process."""

import contextlib
from pathlib import Path

import apache_beam as beam
import numpy as np
from apache_beam.utils.shared import Shared

from pipeline.beam.running import limit_threads
from pipeline.bulk.viewer import Viewer
from pipeline.core.aside import aside
from tfdogs.errors import TfdogsError
from tfdogs.metrics.moments import Moments

MOMENTS, FEATURES = "moments", "features"  # what the files of a span begin with


class ExtractSpan(beam.DoFn):
    """Extracts the features of a `Span`; see `ExtractFeatures`. The network is loaded once a process."""

    def __init__(self, config, folder, *, threads=0):
        self._config, self._folder, self._threads = config, str(folder), threads
        self._shared, self._viewer = Shared(), None

    def setup(self):
        """Opens the images and loads the network."""
        self._viewer = self._shared.acquire(self._load)

    def process(self, span):
        """Yields the `Moments` of a `Span`; a second time, too."""
        path = Path(self._folder, span.file_name(MOMENTS, ".npz"))
        with contextlib.suppress(TfdogsError):  # not there yet, or damaged
            moments, _ = Moments.load(path)
            if moments.count == span.count:
                yield moments
                return
        features = self._viewer.features(span)
        if self._config.features:
            arrays = {name: rows for name, rows in features._asdict().items() if rows is not None}
            with (
                aside(Path(self._folder, span.file_name(FEATURES, ".npz"))) as hidden,
                hidden.open("wb") as file,
            ):
                np.savez(file, **arrays)
        moments = Moments.from_features(features.pool)
        with aside(path) as hidden:  # the last of the span's files
            moments.save(hidden)
        yield moments

    def _load(self):
        limit_threads(self._threads)
        return Viewer(self._config)
