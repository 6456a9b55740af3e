"""Goes through very many images with a network, by Apache Beam: on this machine or on a cluster.

    python -m pipeline.extract --images=bulk --output=fakes.npz --workers=2
    python -m pipeline.extract --images=data/dogs64 --output=reals.npz --workers=2
    python -m tfdogs.evaluate --fakes=fakes.npz --reals=reals.npz --metrics=fid

Leaves the mean and covariance of all images' features, from which tfdogs.evaluate computes the FID of all of
them. With --features, each image's features are kept for it too: it then has them without looking at the
images again. The same command goes on where it was stopped. See docs/bulk.md.
"""

from pipeline.bulk.extract_config import ExtractConfig
from tfdogs import cli


def run(config):
    """Extracts what the configuration asks for."""
    from pipeline.beam.importing import import_beam

    import_beam(workers=config.workers)
    from pipeline.bulk import extraction

    extraction.extract(config)


if __name__ == "__main__":
    cli.main(ExtractConfig, run, summary=__doc__)
