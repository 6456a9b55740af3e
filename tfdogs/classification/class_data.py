"""One class of a data_dir as a data_dir of its own, for a GAN that is to know nothing else."""

import hashlib
import json
from pathlib import Path

import numpy as np

from tfdogs.data import records
from tfdogs.data.manifest import FILE_NAME, Manifest, Shard
from tfdogs.data.shards import replacing
from tfdogs.errors import reason

_SHARD = "train-00000-of-00001.tfrecord"


def write(data_dir, label, output_dir):
    """Writes the train split's records of one class; nothing of the eval split gets into it.

    A folder that is there already is left as it is: it was written as a whole.

    Args:
        data_dir: folder that `tfdogs.prepare` wrote.
        label: the class, an index into the manifest's classes.
        output_dir: where to write.

    Raises:
        TfdogsError: a shard is corrupt, or the disk refuses.
    """
    if Path(output_dir, FILE_NAME).is_file():
        return
    import tensorflow as tf

    manifest = Manifest.load(data_dir)
    name = manifest.classes[label]
    digest = hashlib.blake2b(json.dumps([manifest.fingerprint, name]).encode(), digest_size=16)
    count = 0
    with replacing(output_dir) as folder:
        path = folder / _SHARD
        try:
            with tf.io.TFRecordWriter(str(path)) as writer:
                for record in _of_class(data_dir, manifest, label):
                    data = records.serialize(record)
                    digest.update(data)
                    writer.write(data)
                    count += 1
        except tf.errors.OpError as e:
            raise OSError(reason(e)) from e
        Manifest(
            image_size=manifest.image_size,
            channels=manifest.channels,
            classes=(name,),
            splits={"train": (Shard(_SHARD, count, path.stat().st_size),), "eval": ()},
            fingerprint=digest.hexdigest(),
            provenance={"class": name, "of": manifest.fingerprint, **manifest.provenance},
        ).save(folder)


def _of_class(data_dir, manifest, label):
    """Yields the train split's `Record`s with this label, relabelled as the only class."""
    for _, _, batch in records.read_shards(data_dir, manifest.splits["train"]):
        parsed = {name: values.numpy() for name, values in records.parse(batch).items()}
        for row in np.flatnonzero(parsed["image/class/label"] == label):
            yield records.Record(
                png=parsed["image/encoded"][row],
                label=0,
                source=parsed["image/source"][row].decode("utf-8", "surrogateescape"),
                crop=tuple(parsed["image/crop"][row].tolist()),
            )
