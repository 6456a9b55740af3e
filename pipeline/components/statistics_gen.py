"""StatisticsGen: tells what the pictures are like."""

import apache_beam as beam
import tensorflow_data_validation as tfdv

from pipeline import types
from pipeline.beam.running import run
from pipeline.core.component import Component
from pipeline.core.contract import Input, Output, Parameter
from pipeline.examples import raw_records
from pipeline.examples.raw_examples import SPLITS, RawExamples
from pipeline.validation import statistics as files
from pipeline.validation.looking import Digest, facts_of, named, table, write_text

BATCH = 256  # pictures in a record batch of TFDV's
OPTIONS = tfdv.StatsOptions(num_rank_histogram_buckets=100_000)  # classes whose pictures are counted


class StatisticsGen(Component):
    """Looks at every picture once and leaves TFDV's statistics of each split, SPLIT.pb.

    The features are those of `pipeline.validation.picture_facts.look`.
    """

    examples = Input(types.EXAMPLES)
    statistics = Output(types.STATISTICS)
    workers = Parameter(int, default=1, counts=False)
    beam_args = Parameter(str, default="", counts=False)

    code = ("pipeline.examples", "pipeline.validation", "tfdogs.data")
    libraries = ("numpy", "pillow", "tensorflow-data-validation")

    @classmethod
    def execute(cls, *, examples, statistics, workers, beam_args):
        """Writes the statistics."""
        source = RawExamples.load(examples.path)
        digest = statistics / "digest.txt"

        def build(graph):
            told = []
            for split in SPLITS:
                if not source.counts[split]:
                    files.write_empty(statistics, split)
                    continue
                shards = [str(examples.path / name) for name in source.shards[split]]
                facts = (
                    graph
                    | f"shards of {split}" >> beam.Create(shards)
                    | f"spread {split}" >> beam.Reshuffle()
                    | f"pictures of {split}" >> beam.FlatMap(raw_records.read)
                    | f"look at {split}" >> beam.Map(facts_of)
                )
                _ = (
                    facts
                    | f"batches of {split}" >> beam.BatchElements(BATCH, BATCH)
                    | f"tables of {split}" >> beam.Map(table)
                    | f"statistics of {split}" >> tfdv.GenerateStatistics(OPTIONS)
                    | f"write {split}" >> tfdv.WriteStatisticsToBinaryFile(str(files.path(statistics, split)))
                )
                told.append(facts | f"name {split}" >> beam.Map(named, split))
            whole = told | beam.Flatten(pipeline=graph) | beam.CombineGlobally(Digest())
            _ = whole | beam.Map(write_text, str(digest))

        run(build, beam_args=beam_args, workers=workers)
        files.Statistics(source.counts, source.photographs, digest.read_text()).save(statistics)
        digest.unlink()
        return {"statistics": {f"{split}_examples": source.counts[split] for split in SPLITS}}
