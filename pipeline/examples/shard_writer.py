"""The Beam steps from a source's items to shards of raw examples."""

from pathlib import Path

import apache_beam as beam
import tensorflow as tf

from pipeline.examples import raw_records
from tfdogs.data.pictures import BadPicture
from tfdogs.data.splits import digest, uniform
from tfdogs.data.worker import load


class LoadChunk(beam.DoFn):
    """Loads chunks of (index, `Item`); gives ((split, shard number), (index, record)).

    Args:
        source: `tfdogs.data.sources.base.Source`.
        seed, eval_fraction: of the split.
        shard_size: most pictures of one shard, both splits together.
    """

    def __init__(self, source, *, seed, eval_fraction, shard_size):
        self._source, self._seed = source, seed
        self._eval_fraction, self._shard_size = eval_fraction, shard_size

    def process(self, chunk):
        """Yields a pair for each item."""
        for index, item in chunk:
            data, problem = self._load(item)
            content = item.name.encode("utf-8", "surrogateescape") if data is None else data
            split = "eval" if uniform(self._seed, digest(content)) < self._eval_fraction else "train"
            record = raw_records.serialize(index, item, data, problem)
            yield (split, index // self._shard_size), (index, record)

    def _load(self, item):
        if item.problem:
            return None, (item.problem, "")
        try:
            return load(self._source, item), None
        except BadPicture as e:
            return None, (e.reason, e.detail)


class WriteShard(beam.DoFn):
    """Writes a shard's records, in the source's order, to FOLDER/SPLIT-NUMBER.tfrecord.

    A runner may run it twice: a shard appears whole, under its name, and the second is as the first.

    Args:
        folder: where to.
    """

    def __init__(self, folder):
        self._folder = str(folder)

    def process(self, shard):
        """Writes a shard; yields its name."""
        (split, number), numbered = shard
        path = Path(self._folder, f"{split}-{number:05d}.tfrecord")
        aside = path.with_suffix(".aside")
        with tf.io.TFRecordWriter(str(aside)) as writer:
            for _, record in sorted(numbered):
                writer.write(record)
        aside.rename(path)
        yield path.name
