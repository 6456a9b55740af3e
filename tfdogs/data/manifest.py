"""`dataset.json`: what a prepared data_dir holds. The only thing that training knows of preparation."""

import dataclasses
import json
from pathlib import Path

from tfdogs.errors import TfdogsError, UsageError

FILE_NAME = "dataset.json"
FORMAT = "tfdogs/1"


@dataclasses.dataclass(frozen=True)
class Shard:
    """One TFRecord file.

    Attributes:
        file: its name within the data_dir.
        records: how many records it holds.
        bytes: its size.
    """

    file: str
    records: int
    bytes: int


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What a data_dir holds.

    Attributes:
        image_size: height and width of every image, in pixels.
        channels: 1 or 3.
        classes: class names; a record's label indexes them; empty where the source had no labels.
        splits: shards by split name, "train" and "eval".
        fingerprint: hex digest over every record in order; equal data_dirs have equal ones.
        provenance: how the data_dir was made (source, flags, versions), for people.
        counts: images read, crops kept and rejected, by reason.
    """

    image_size: int
    channels: int
    classes: tuple
    splits: dict
    fingerprint: str
    provenance: dict = dataclasses.field(default_factory=dict)
    counts: dict = dataclasses.field(default_factory=dict)

    def num_images(self, split="train"):
        """Returns the number of records in a split."""
        return sum(shard.records for shard in self.splits[split])

    def save(self, data_dir):
        """Writes `dataset.json` into `data_dir`, which is not yet visible to readers under its final name."""
        values = {"format": FORMAT, **dataclasses.asdict(self)}
        Path(data_dir, FILE_NAME).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, data_dir):
        """Reads the manifest of a data_dir and checks that its shards are there at full size.

        Raises:
            UsageError: `data_dir` is missing, or was not made by `tfdogs.prepare`.
            TfdogsError: a shard is missing or has another size than when it was written.
        """
        data_dir = Path(data_dir)
        if not data_dir.is_dir():
            raise UsageError(f"no such data_dir: {data_dir} (python -m tfdogs.prepare makes one)")
        try:
            values = json.loads((data_dir / FILE_NAME).read_text(encoding="utf-8"))
            if values.pop("format") != FORMAT:
                raise ValueError(f"its format is not {FORMAT}")
            values["classes"] = tuple(values["classes"])
            values["splits"] = {
                name: tuple(Shard(**shard) for shard in shards) for name, shards in values["splits"].items()
            }
            manifest = cls(**values)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
            problem = f"{FILE_NAME} is missing or foreign ({e})"
            raise UsageError(f"{data_dir} is not a data_dir made by tfdogs.prepare: {problem}") from e
        for shard in (shard for shards in manifest.splits.values() for shard in shards):
            path = data_dir / shard.file
            size = path.stat().st_size if path.is_file() else None
            if size != shard.bytes:
                found = "no such file" if size is None else f"{size} bytes"
                raise TfdogsError(f"{path}: expected {shard.bytes} bytes, found {found}; prepare it again")
        return manifest
