"""The preparation of pictures on Beam: what `tfdogs.data.worker.treat_all` does in processes of its own."""

import dataclasses
import pickle
import shutil
import tempfile
from pathlib import Path

import apache_beam as beam

from pipeline.beam.options import options
from tfdogs.data.worker import treat


def treat_on_beam(folder, *, workers, beam_args):
    """Returns a function that treats the pictures of a `RawSource` on Beam.

    Args:
        folder: where outcomes wait until they are read, beside each other; on several machines a folder that
            all of them see.
        workers, beam_args: see `pipeline.beam.options.options`.

    Returns:
        A function as `tfdogs.data.worker.treat_all`.
    """

    def treat_all(source, config):
        Path(folder).mkdir(parents=True, exist_ok=True)
        waiting = Path(tempfile.mkdtemp(prefix=".outcomes-", dir=folder))
        try:
            groups = list(enumerate(source.groups()))
            with beam.Pipeline(options=options(beam_args, workers)) as graph:
                numbered = graph | beam.Create(groups) | beam.Reshuffle()
                _ = numbered | beam.ParDo(_TreatGroup(source, config, waiting))
            for number, _ in groups:
                yield from _read(waiting / str(number))
        finally:
            shutil.rmtree(waiting, ignore_errors=True)

    return treat_all


class _TreatGroup(beam.DoFn):
    """Treats the pictures of a group of shards, and leaves the outcomes in a file."""

    def __init__(self, source, config, folder):
        self._source, self._config, self._folder = source, config, str(folder)

    def process(self, numbered):
        number, names = numbered
        path = Path(self._folder, str(number))
        aside = path.with_suffix(".aside")
        with aside.open("wb") as file:
            for item in self._source.read(names):
                outcome = treat(self._source, self._config, item)
                pickle.dump((dataclasses.replace(item, ref=None), outcome), file)
        aside.rename(path)
        yield number


def _read(path):
    """Yields (item without its picture, outcome) of a file."""
    with path.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)
