"""The Beam step from a source's items to shards of raw examples."""

import contextlib
import itertools
import pickle
from pathlib import Path

import apache_beam as beam

from pipeline.core.aside import aside
from pipeline.examples import raw_records
from tfdogs.data.pictures import BadPicture
from tfdogs.data.splits import digest, uniform
from tfdogs.data.worker import load

RANGES = ".ranges"  # folder of what `leave_ranges` leaves


def leave_ranges(items, folder, size):
    """Writes a source's items, as they come, to files of `size` in a hidden folder of `folder`.

    Items of some sources hold their pictures: they go through the disk, not through Beam's graph.

    Returns:
        The numbers of the files, for `WriteShards`.
    """
    place = Path(folder, RANGES)
    place.mkdir()
    numbered = enumerate(items)
    ranges = enumerate(iter(lambda: list(itertools.islice(numbered, size)), []))
    numbers = []
    for number, some in ranges:
        (place / str(number)).write_bytes(pickle.dumps(some))
        numbers.append(number)
    return numbers


class WriteShards(beam.DoFn):
    """Loads the pictures of a range by its number, and writes FOLDER/SPLIT-NUMBER.parquet, one a split.

    Pictures go from the source to the shard one by one and through no shuffle. A runner may do it twice, at
    the same time too: a shard appears whole, under its name, and the second is as the first.

    Args:
        source: `tfdogs.data.sources.base.Source`.
        folder: where to, and where `leave_ranges` has left the ranges.
        seed, eval_fraction: of the split.
    """

    def __init__(self, source, folder, *, seed, eval_fraction):
        self._source, self._folder = source, str(folder)
        self._seed, self._eval_fraction = seed, eval_fraction

    def process(self, number):
        """Writes the shards of one range; yields their names."""
        items = pickle.loads(Path(self._folder, RANGES, str(number)).read_bytes())
        write, paths = {}, {}
        with contextlib.ExitStack() as stack:
            for index, item in items:
                item = self._source.complete(item)
                data, problem = self._load(item)
                content = item.name.encode("utf-8", "surrogateescape") if data is None else data
                split = "eval" if uniform(self._seed, digest(content)) < self._eval_fraction else "train"
                if split not in write:
                    paths[split] = Path(self._folder, f"{split}-{number:05d}.parquet")
                    hidden = stack.enter_context(aside(paths[split]))
                    write[split] = stack.enter_context(raw_records.writing(hidden))
                write[split](raw_records.row(index, item, data, problem=problem))
        for path in paths.values():
            yield path.name

    def _load(self, item):
        if item.problem:
            return None, (item.problem, item.detail)
        try:
            return load(self._source, item), None
        except BadPicture as e:
            return None, (e.reason, e.detail)
