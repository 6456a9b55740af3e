"""Draws very many images with a trained run, in shards, by Apache Beam: on this machine or on a cluster.

    python -m pipeline.sample --model_dir=runs/dogs64 --num_images=1000000 --output_dir=bulk --workers=2
    python -m pipeline.sample --model_dir=runs/dogs64 --num_images=1000000 --output_dir=/shared/bulk \\
      --beam_args="--runner=FlinkRunner --flink_master=host:8081 ..."

Image i is the one that tfdogs.generate draws from seed --seed + i, however many workers and shards there are.
The same command goes on where it was stopped. What it leaves is a data_dir, which tfdogs.evaluate takes as
--fakes and pipeline.extract as --images. See docs/bulk.md.
"""

from pipeline.bulk.sample_config import SampleConfig
from tfdogs import cli


def run(config):
    """Draws what the configuration asks for."""
    from pipeline.beam.importing import import_beam

    import_beam(workers=config.workers)
    from pipeline.bulk import sampling

    sampling.sample(config)


if __name__ == "__main__":
    cli.main(SampleConfig, run, summary=__doc__)
