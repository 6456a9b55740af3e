"""Makes a folder of shards a data_dir."""

import hashlib
import json
import tempfile
from pathlib import Path

import apache_beam as beam

from pipeline.bulk.draw_shard import SPLIT
from tfdogs.data.manifest import FILE_NAME, Manifest


class WriteManifest(beam.DoFn):
    """Writes `dataset.json` once all shards are there: from then on the folder is a data_dir.

    Args:
        folder: of the shards.
        image_size, channels, classes: as of `tfdogs.data.manifest.Manifest`.
        provenance: dict of how the images were made.
    """

    def __init__(self, folder, *, image_size, channels, classes, provenance):
        self._folder, self._provenance = folder, provenance
        self._shape = (image_size, channels, tuple(classes))

    def process(self, found):
        """Takes all `ImageShard`s, in any order; yields the manifest's fingerprint."""
        found = sorted(found, key=lambda one: one.shard.file)
        image_size, channels, classes = self._shape
        digest = hashlib.blake2b(json.dumps([image_size, channels, classes]).encode(), digest_size=16)
        for one in found:
            digest.update(one.digest.encode())
        count = sum(one.shard.records for one in found)
        manifest = Manifest(
            image_size=image_size,
            channels=channels,
            classes=classes,
            splits={SPLIT: tuple(one.shard for one in found)},
            fingerprint=digest.hexdigest(),
            provenance=self._provenance,
            counts={"drawn": count},
        )
        with tempfile.TemporaryDirectory(prefix=".", suffix=".partial", dir=self._folder) as hidden:
            manifest.save(hidden)
            Path(hidden, FILE_NAME).replace(Path(self._folder, FILE_NAME))
        yield manifest.fingerprint
