"""Finds photographs in a trained run's latent space: the latents whose images are nearest to them.

    python -m tfdogs.project --model_dir=runs/dogs64 --image=rex.jpg --output=rex
    python -m tfdogs.project --model_dir=runs/dogs64 --image=photographs --output=mine --steps=1000
    python -m tfdogs.project --model_dir=runs/breeds --image=rex.jpg --label=pug --output=rex_as_a_pug

The largest centred square of each photograph counts. OUT.png shows, a row a photograph, it, the nearest of
--candidates seeds, the way from there and what was found; OUT.npz has the latents and the distances.
"""

from tfdogs import cli
from tfdogs.sampling.projection.config import ProjectConfig


def run(config):
    """Projects what the configuration asks for."""
    from tfdogs.sampling.projection.command import project

    project(config)


if __name__ == "__main__":
    cli.main(ProjectConfig, run, summary=__doc__)
