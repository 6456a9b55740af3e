"""The artifact ExampleStatistics: TFDV's statistics of each split, and what they are known by."""

import dataclasses
import json
from pathlib import Path

from tensorflow_metadata.proto.v0 import statistics_pb2

from pipeline.core import fingerprints

FILE_NAME = "statistics.json"


@dataclasses.dataclass(frozen=True)
class Statistics:
    """What a folder of statistics tells besides TFDV's own files.

    Attributes:
        counts: number of pictures by split.
        photographs: whether the source holds photographs; False for digits and drawings.
        digest: hex digest of the facts of all pictures, whatever their order. TFDV's own files change in
            their last digits with the number of workers.
    """

    counts: dict
    photographs: bool
    digest: str

    def save(self, folder):
        """Writes them to a folder."""
        text = json.dumps(dataclasses.asdict(self), indent=2) + "\n"
        Path(folder, FILE_NAME).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder):
        """Reads those of a folder."""
        return cls(**json.loads(Path(folder, FILE_NAME).read_text(encoding="utf-8")))


def fingerprint(folder):
    """Returns the fingerprint of a folder of statistics."""
    return fingerprints.of_file(Path(folder, FILE_NAME))


def path(folder, split):
    """Returns the path of TFDV's statistics of a split."""
    return Path(folder, f"{split}.pb")


def read(folder, split):
    """Returns TFDV's `DatasetFeatureStatisticsList` of a split."""
    return statistics_pb2.DatasetFeatureStatisticsList.FromString(path(folder, split).read_bytes())


def write_empty(folder, split):
    """Writes the statistics of a split without pictures, of which TFDV would write none."""
    empty = statistics_pb2.DatasetFeatureStatisticsList()
    empty.datasets.add()
    path(folder, split).write_bytes(empty.SerializeToString())


def features(statistics):
    """Returns `FeatureNameStatistics` by the feature's name."""
    return {feature.path.step[0]: feature for feature in statistics.datasets[0].features}


def count(statistics):
    """Returns the number of pictures."""
    return statistics.datasets[0].num_examples


def present(feature):
    """Returns how many pictures have a feature, 0 for None."""
    if feature is None:
        return 0
    stats = feature.string_stats if feature.HasField("string_stats") else feature.num_stats
    return stats.common_stats.num_non_missing


def words(feature):
    """Returns the number of pictures by value of a feature of words; nothing for None."""
    if feature is None:
        return {}
    return {b.label: int(b.sample_count) for b in feature.string_stats.rank_histogram.buckets}
