"""Scores generated images against real ones.

    python -m tfdogs.evaluate --model_dir=runs/dogs64
    python -m tfdogs.evaluate --fakes=images.zip --data_dir=data/dogs64 --output=scores
    python -m tfdogs.evaluate --fakes=a.npy --reals=b.zip --metrics=fid,kid --output=scores.json

Prints a table; every number is stamped with the network that it was computed with, and only numbers of one
stamp, and of equally many images, can be compared. --output gets the same as JSON, a folder also report.html.
Features are kept, so that the same images are not gone through twice.
"""

from tfdogs import cli
from tfdogs.metrics.config import EvaluateConfig


def run(config):
    """Scores what the configuration asks for."""
    from tfdogs.metrics import command

    command.run(config)


if __name__ == "__main__":
    cli.main(EvaluateConfig, run, summary=__doc__)
