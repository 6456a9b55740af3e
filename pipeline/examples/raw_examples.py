"""The artifact Examples: all pictures of a source as they came, in shards."""

import dataclasses
import hashlib
import json
from pathlib import Path

from pipeline.examples import raw_records

FILE_NAME = "examples.json"
SPLITS = ("train", "eval")


@dataclasses.dataclass(frozen=True)
class RawExamples:
    """What a folder of raw examples holds.

    Attributes:
        shards: file names by split.
        counts: number of pictures by split.
        photographs, channels: of the source, `tfdogs.data.sources.base.Source`.
        orphans: annotations that belong to no picture.
        seed: of the split.
        eval_fraction: share of pictures in the eval split.
        fingerprint: hex digest over all pictures and what is said of them, in order.
        left_out: the fields of a `tfdogs.data.sources.base.LeftOut`; empty in examples of before it was kept.
    """

    shards: dict
    counts: dict
    photographs: bool
    channels: int
    orphans: tuple
    seed: int
    eval_fraction: float
    fingerprint: str
    left_out: dict = dataclasses.field(default_factory=dict)

    @classmethod
    def collect(cls, folder, source, *, seed, eval_fraction):
        """Counts the shards in a folder and writes the facts beside them."""
        digest = hashlib.blake2b(digest_size=16)
        shards, counts = {}, {}
        for split in SPLITS:
            shards[split] = sorted(path.name for path in Path(folder).glob(f"{split}-*.parquet"))
            found = [row for name in shards[split] for row in raw_records.digests(Path(folder, name))]
            digest.update(b"".join(found))
            counts[split] = len(found)
        facts = cls(
            shards=shards,
            counts=counts,
            photographs=source.photographs,
            channels=source.channels,
            orphans=tuple(source.orphans()),
            seed=seed,
            eval_fraction=eval_fraction,
            fingerprint=digest.hexdigest(),
            left_out=source.left_out()._asdict(),
        )
        facts.save(folder)
        return facts

    def save(self, folder):
        """Writes the facts beside the shards."""
        text = json.dumps(dataclasses.asdict(self), indent=2) + "\n"
        Path(folder, FILE_NAME).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder):
        """Reads the facts of a folder."""
        return cls(**json.loads(Path(folder, FILE_NAME).read_text(encoding="utf-8")))


def fingerprint(folder):
    """Returns the fingerprint of a folder of raw examples."""
    return RawExamples.load(folder).fingerprint
