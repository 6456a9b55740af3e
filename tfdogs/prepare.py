"""Prepares pictures for training: crop, clean, resize, write TFRecord shards.

    python -m tfdogs.prepare --images=images.tar --annotations=annotation.tar --output_dir=data/dogs64

leaves train-*.tfrecord, eval-*.tfrecord, dataset.json (what is in them), rejects.csv (what is not, and why),
preview.png (a sheet of crops to look at) and rejects.png (rejected crops by reason) in the output directory.
Nothing appears there before all is done. Every picture that is read ends in a shard or in rejects.csv, and so
does every symbolic link that is not followed since it leads out of the folder; the summary says what else was
left out.
"""

from tfdogs import cli
from tfdogs.data.prepare_config import PrepareConfig


def run(config):
    """Prepares a data_dir; worker processes import this module again, so it imports nothing heavy."""
    from tfdogs.data.ingest import prepare

    prepare(config)


if __name__ == "__main__":
    cli.main(PrepareConfig, run, summary=__doc__)
