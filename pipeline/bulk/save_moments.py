"""Moments to a file, by a worker."""

import apache_beam as beam

from pipeline.core.aside import aside


class SaveMoments(beam.DoFn):
    """Writes `Moments` to a file.

    Args:
        path: the file.
    """

    def __init__(self, path):
        self._path = str(path)

    def process(self, moments):
        """Yields the number of rows that they are of."""
        with aside(self._path) as hidden:
            moments.save(hidden)
        yield moments.count
