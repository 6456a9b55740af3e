"""ExampleGen: takes pictures in."""

import hashlib
import shutil

import apache_beam as beam

from pipeline import types
from pipeline.beam.running import run
from pipeline.core.component import Component
from pipeline.core.contract import Output, Parameter
from pipeline.examples.raw_examples import SPLITS, RawExamples
from pipeline.examples.shard_writer import RANGES, WriteShards, leave_ranges
from tfdogs.data.sources.open import open_source, paths_of
from tfdogs.data.splits import digest, uniform


class ExampleGen(Component):
    """Reads every picture of a source of `tfdogs.prepare`, and writes it with its class and boxes to a shard.

    Nothing is decoded or thrown away: what cannot be loaded becomes an example that says so. A picture's
    content decides whether it is held out for evaluation.
    """

    examples = Output(types.EXAMPLES)
    images = Parameter(str)
    annotations = Parameter(str, default="")
    image_size = Parameter(int, default=64)
    eval_fraction = Parameter(float, default=0.05)
    seed = Parameter(int, default=0)
    sample = Parameter(float, default=1.0)  # share of the pictures that is taken, drawn by their names
    shard_size = Parameter(int, default=512)
    workers = Parameter(int, default=1, counts=False)
    beam_args = Parameter(str, default="", counts=False)

    code = ("pipeline.examples", "tfdogs.data")
    libraries = ("numpy", "pillow", "pyarrow")

    @classmethod
    def outside(cls, parameters):
        """Returns a digest of the names, sizes and times of change of the source's files."""
        digest = hashlib.blake2b(digest_size=16)
        for root in paths_of(parameters["images"], annotations=parameters["annotations"]):
            for path in sorted([root, *root.rglob("*")]):
                if path.is_file():
                    told = path.stat()
                    line = f"{path.relative_to(root)}\0{told.st_size}\0{told.st_mtime_ns}\0"
                    digest.update(line.encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    @classmethod
    def execute(
        cls, *, examples, images, annotations, image_size, eval_fraction, seed, sample, shard_size, **where
    ):
        """Writes the shards."""
        source = open_source(images, annotations=annotations, image_size=image_size, seed=seed)
        items = (item for item in source.items() if _drawn(item, seed, sample))
        numbers = leave_ranges(items, examples, shard_size)
        write = WriteShards(source, examples, seed=seed, eval_fraction=eval_fraction)

        def build(graph):
            _ = graph | beam.Create(numbers) | beam.Reshuffle() | beam.ParDo(write)

        run(build, **where)
        shutil.rmtree(examples / RANGES)
        facts = RawExamples.collect(examples, source, seed=seed, eval_fraction=eval_fraction)
        return {"examples": {f"{split}_examples": facts.counts[split] for split in SPLITS}}


def _drawn(item, seed, share):
    return share == 1 or uniform(seed, digest(item.name.encode("utf-8", "surrogateescape"))) < share
