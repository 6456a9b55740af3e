"""Shows a run's images, or any others, as a page that opens from disk: "This Dog Doesn't Exist".

    python -m tfdogs.gallery --model_dir=runs/dogs64 --output_dir=gallery
    python -m tfdogs.gallery --model_dir=runs/dogs64 --curate=discriminator --output_dir=gallery
    python -m tfdogs.gallery --images=images.zip --num_images=78 --drop=3,17 --output_dir=gallery
    python -m tfdogs.gallery --model_dir=runs/a --runs=runs/b,runs/c --scores=a.json --output_dir=gallery

The folder has index.html with all that it needs: the wall, a sheet "Can you tell which are real?" where real
images are known, the film of the run's progress, its card with its scores, and the board of runs. Nothing
appears there before all is done.
"""

from tfdogs import cli
from tfdogs.exhibition.config import GalleryConfig


def run(config):
    """Builds the gallery that the configuration asks for."""
    from tfdogs.exhibition.gallery import build

    build(config)


if __name__ == "__main__":
    cli.main(GalleryConfig, run, summary=__doc__)
