"""Checks a zip against what the Generative Dog Images competition asked for, and scores it.

    python -m tfdogs.generate --model_dir=runs/dogs64 --num_images=10000 --output=images.zip
    python -m tfdogs.submission images.zip
    python -m tfdogs.submission images.zip --data_dir=data/dogs64

Asked for are 10,000 different PNGs of 64x64 pixels in RGB, and nothing else. Every check is printed with its
figure. With --data_dir or --reals a valid zip is scored against these training images: MiFID, the distance d
that it is made of, and FID, each stamped with the network that it was computed with.
"""

from tfdogs import cli
from tfdogs.competition.config import SubmissionConfig


def run(config):
    """Checks and scores what the configuration says."""
    from tfdogs.competition import command

    command.run(config)


if __name__ == "__main__":
    cli.main(SubmissionConfig, run, summary=__doc__)
