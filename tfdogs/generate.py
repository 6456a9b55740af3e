"""Draws images with a trained run: the same seed draws the same image, whatever is drawn beside it.

    python -m tfdogs.generate --model_dir=runs/dogs64 --output=dogs.png
    python -m tfdogs.generate --model_dir=runs/dogs64 --num_images=10000 --output=images.zip
    python -m tfdogs.generate --model_dir=runs/dogs64 --seeds=3,14,15 --output=walk.gif
    python -m tfdogs.generate --model_dir=runs/dogs64 --output=dogs.html

The ending of --output says what is made: .png one grid, .zip a PNG per image, .gif a closed walk from
latent to latent, .html a page of the run's story; a folder (no ending) gets a PNG per image and seeds.csv.
Nothing appears there before all is done. A folder or .zip that was stopped (Ctrl-C, SIGTERM, SIGHUP, kill, a
full disk) keeps what was drawn in .NAME.unfinished beside it: run the same command to resume.
"""

from tfdogs import cli
from tfdogs.sampling.config import GenerateConfig


def run(config):
    """Draws what the configuration asks for."""
    from tfdogs.sampling.generation import generate

    generate(config)


if __name__ == "__main__":
    cli.main(GenerateConfig, run, summary=__doc__)
