"""The Beam step from a source's items to shards of raw examples."""

import contextlib
import pickle
from pathlib import Path

import apache_beam as beam

from pipeline.examples import raw_records
from tfdogs.data.pictures import BadPicture
from tfdogs.data.splits import digest, uniform
from tfdogs.data.worker import load


class WriteShards(beam.DoFn):
    """Loads the pictures of (number, pickled [(index, `Item`), ...]), and writes FOLDER/SPLIT-NUMBER.parquet.

    Pictures go from the source to the shard one by one and through no shuffle. A runner may do it twice: a
    shard appears whole, under its name, and the second is as the first.

    Args:
        source: `tfdogs.data.sources.base.Source`.
        folder: where to.
        seed, eval_fraction: of the split.
    """

    def __init__(self, source, folder, *, seed, eval_fraction):
        self._source, self._folder = source, str(folder)
        self._seed, self._eval_fraction = seed, eval_fraction

    def process(self, numbered):
        """Writes the shards of one range; yields their names."""
        number, pickled = numbered
        write, paths = {}, {}
        with contextlib.ExitStack() as stack:
            for index, item in pickle.loads(pickled):
                item = self._source.complete(item)
                data, problem = self._load(item)
                content = item.name.encode("utf-8", "surrogateescape") if data is None else data
                split = "eval" if uniform(self._seed, digest(content)) < self._eval_fraction else "train"
                if split not in write:
                    paths[split] = Path(self._folder, f"{split}-{number:05d}.parquet")
                    aside = str(paths[split].with_suffix(".aside"))
                    write[split] = stack.enter_context(raw_records.writing(aside))
                write[split](raw_records.row(index, item, data, problem))
        for path in paths.values():
            path.with_suffix(".aside").rename(path)
            yield path.name

    def _load(self, item):
        if item.problem:
            return None, (item.problem, "")
        try:
            return load(self._source, item), None
        except BadPicture as e:
            return None, (e.reason, e.detail)
