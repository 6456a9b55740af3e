"""Raw examples as a source of pictures for their preparation."""

import dataclasses
import heapq
from pathlib import Path

from pipeline.examples import raw_records
from pipeline.examples.raw_examples import RawExamples
from tfdogs.data.pictures import BadPicture
from tfdogs.data.sources.base import LeftOut, Source


class RawSource(Source):
    """The pictures that ExampleGen has taken in, both splits, in the order of their source.

    An item's `ref` is (picture, problem): its bytes or pixels, and why it could not be loaded, or None.

    Args:
        folder: of the artifact Examples.
    """

    def __init__(self, folder):
        self._folder = Path(folder)
        self._facts = RawExamples.load(folder)
        self.photographs, self.channels = self._facts.photographs, self._facts.channels

    def items(self):
        """Yields every picture, with its bytes."""
        return (item for names in self.groups() for item in self.read(names))

    def groups(self):
        """Returns lists of shards, in order, each of which holds all pictures of a range."""
        numbered = {}
        for names in self._facts.shards.values():
            for name in names:
                numbered.setdefault(name.rpartition("-")[2], []).append(name)
        return [numbered[number] for number in sorted(numbered)]

    def read(self, names):
        """Yields the items of a group of shards, in order."""
        streams = [map(raw_records.parse, raw_records.read(self._folder / name)) for name in names]
        for _, item, problem in heapq.merge(*streams, key=lambda row: row[0]):
            yield dataclasses.replace(item, ref=(item.ref, problem))

    def load(self, item):
        """Returns a picture's bytes or pixels."""
        data, problem = item.ref
        if problem:
            raise BadPicture(problem[0], None, problem[1])
        return data

    def orphans(self):
        """Yields the names of annotations that belong to no picture."""
        return iter(self._facts.orphans)

    def left_out(self):
        """Returns what the source of the pictures held that is no picture, for the summary."""
        return LeftOut(**{"suffixes": {}, **self._facts.left_out})

    def __len__(self):
        """Returns the number of pictures."""
        return sum(self._facts.counts.values())
