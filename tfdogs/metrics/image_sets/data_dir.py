"""A split of a prepared data_dir as images to score."""

import hashlib
from pathlib import Path

import numpy as np

from tfdogs.data.manifest import Manifest
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics.image_sets.image_set import ImageSet


class DataDir(ImageSet):
    """The images of one split, in the order of the shards and never flipped.

    Args:
        data_dir: folder that `tfdogs.prepare` wrote.
        split: "train" or "eval".

    Attributes:
        manifest: its `tfdogs.data.manifest.Manifest`.

    Raises:
        UsageError: it is not such a folder, or has no image in this split.
        TfdogsError: a shard is missing or has another size than when it was written.
    """

    def __init__(self, data_dir, *, split="train"):
        self.manifest = Manifest.load(data_dir)
        counts = {name: self.manifest.num_images(name) for name in self.manifest.splits}
        if not counts.get(split):
            there = ", ".join(f"{name} ({count:,} images)" for name, count in counts.items()) or "nothing"
            raise UsageError(f"{data_dir} has no images in split {split!r}. It has: {there}")
        self.name = f"{data_dir} ({split})"
        self.num_images = counts[split]
        self._path, self._split, self._decode = Path(data_dir), split, None

    def label_counts(self):
        """Returns the number of images of the train split by class, ints; the records are read for it.

        Raises:
            TfdogsError: a shard is damaged, or a label is no class.
        """
        from tfdogs.data import records

        return records.count_labels(self._path, self.manifest)

    def heldout(self, fewest):
        """Returns the eval split beside the train split; None of another, or where it has under `fewest`."""
        held = self.manifest.num_images("eval") if "eval" in self.manifest.splits else 0
        return DataDir(self._path, split="eval") if self._split == "train" and held >= fewest else None

    def content_key(self):
        """Returns a digest of the manifest's fingerprint and the split; no image is read."""
        return hashlib.sha256(f"{self.manifest.fingerprint} {self._split}".encode()).hexdigest()

    def batches(self, batch_size=64, *, indices=None):
        """Yields uint8 arrays [n, image_size, image_size, channels]."""
        import tensorflow as tf

        from tfdogs.data import records

        begin = 0
        for shard in self.manifest.splits[self._split]:
            rows = None
            if indices is not None:
                rows = np.asarray(indices, np.int64) - begin
                rows = rows[(rows >= 0) & (rows < shard.records)]
            begin += shard.records
            if rows is not None and not len(rows):
                continue
            for _, first, batch in records.read_shards(self._path, [shard], batch_size=batch_size):
                if rows is not None:
                    batch = tf.gather(batch, rows[(rows >= first) & (rows < first + len(batch))] - first)
                if len(batch):
                    yield self._decoded(batch, self._path / shard.file, first)

    def _decoded(self, batch, path, first):
        import tensorflow as tf

        if self._decode is None:
            self._decode = tf.function(self._decode_batch, input_signature=[tf.TensorSpec([None], tf.string)])
        try:
            return self._decode(batch).numpy()
        except tf.errors.OpError as e:
            size, channels = self.manifest.image_size, self.manifest.channels
            raise TfdogsError(
                f"{path}: record {first} or one soon after it holds no image of {size}x{size}x{channels}; "
                "prepare it again"
            ) from e

    def _decode_batch(self, serialized):
        import tensorflow as tf

        from tfdogs.data import records

        size, channels = self.manifest.image_size, self.manifest.channels
        return tf.map_fn(
            lambda png: records.decode(png, size, channels),
            records.parse(serialized)["image/encoded"],
            fn_output_signature=tf.TensorSpec([size, size, channels], tf.uint8),
        )
