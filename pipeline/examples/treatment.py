"""The preparation of pictures on Beam: what `tfdogs.data.worker.treat_all` does in processes of its own."""

import concurrent.futures
import dataclasses
import itertools
import pickle
import shutil
import tempfile
import time
from pathlib import Path

import apache_beam as beam

from pipeline.beam.running import run
from pipeline.core.aside import aside
from tfdogs.data.worker import treat
from tfdogs.errors import TfdogsError

_SECONDS = 0.05  # between looks for the next outcomes
_PATIENCE = 30.0  # seconds that a shared file system may take to show what a worker has left


def treat_on_beam(folder, *, workers, beam_args):
    """Returns a function that treats the pictures of a `RawSource` on Beam.

    Args:
        folder: where outcomes wait until they are read, beside each other; on several machines a folder that
            all of them see.
        workers, beam_args: see `pipeline.beam.running.run`.

    Returns:
        A function as `tfdogs.data.worker.treat_all`.
    """

    def treat_all(source, config):
        Path(folder).mkdir(parents=True, exist_ok=True)
        waiting = Path(tempfile.mkdtemp(prefix=".outcomes-", dir=folder))
        groups = list(enumerate(source.groups()))

        def build(graph):
            # Grouped by number, not shuffled: a runner that keeps the order lets the reader follow.
            numbered = graph | beam.Create(groups) | beam.GroupByKey()
            _ = numbered | beam.ParDo(_TreatGroup(source, config, waiting))

        with concurrent.futures.ThreadPoolExecutor(1) as runner:
            running = runner.submit(run, build, workers=workers, beam_args=beam_args)
            try:
                for number, _ in groups:
                    yield from _read(_finished(waiting / str(number), running))
                running.result()
            except TfdogsError as e:
                at = ", ".join(_underway(source, waiting, groups))
                raise TfdogsError(f"{e}; under way: {at}" if at else str(e)) from e
            finally:
                shutil.rmtree(waiting, ignore_errors=True)  # where it was not read to the end, this ends it

    return treat_all


class _TreatGroup(beam.DoFn):
    """Treats the pictures of a group of shards, and leaves the outcomes in a file."""

    def __init__(self, source, config, folder):
        self._source, self._config, self._folder = source, config, str(folder)

    def process(self, numbered):
        number, (names,) = numbered
        with aside(Path(self._folder, str(number))) as path, path.open("wb") as file:
            for item in self._source.read(names):
                outcome = treat(self._source, self._config, item)
                pickle.dump((dataclasses.replace(item, ref=None), outcome), file)
                file.flush()  # should the next one kill this process, the file tells which it was
        yield number


def _finished(path, running):
    """Waits for a group's file, and returns its path.

    Raises:
        TfdogsError: the graph failed, or ended without it.
    """
    while not path.exists():
        if not concurrent.futures.wait([running], timeout=_SECONDS).not_done:
            running.result()
            _await(path)
    return path


def _await(path):
    deadline = time.monotonic() + _PATIENCE
    while path not in path.parent.iterdir():  # this asks a file server anew, `exists` may not
        if time.monotonic() > deadline:
            raise TfdogsError(f"no worker has left {path}: do all machines see that folder?")
        time.sleep(_SECONDS)


def _underway(source, folder, groups):
    """Yields the names of the pictures at which the workers ended that were not done with their group."""
    for number, names in groups:
        for left in folder.glob(f".{number}.*.partial"):
            done = sum(1 for _ in _read(left))
            for item in itertools.islice(source.read(names), done, done + 1):
                yield item.name


def _read(path):
    """Yields (item without its picture, outcome) of a file, as far as it is whole."""
    with path.open("rb") as file:
        while file.peek(1):
            try:
                yield pickle.load(file)
            except (EOFError, pickle.UnpicklingError):
                return
