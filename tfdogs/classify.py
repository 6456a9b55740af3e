"""Trains GoogLeNet on real, generated and mixed images, and compares: do generated images teach?

    python -m tfdogs.classify --data_dir=data/pets64 --fakes=cat=runs/cats,dog=runs/dogs --output_dir=study
    python -m tfdogs.classify --data_dir=data/pets64 --output_dir=study --gan_seconds=3600 \\
        --gan_flagfile=configs/wgan_gp_dogfaces.flags,configs/cpu/wgan_gp_dogfaces.flags

The data_dir has classes and an eval split. For every share of --synthetic_fraction and every seed a network
is trained on as many images, that share of them generated, and tested on real images that it has not seen
(at 1: train on synthetic, test on real) and on generated ones (at 0: the reverse). With --synthetic_classes
only these classes' training images are mixed, those of the others stay real, and generated images are tested
on of these classes alone:

    python -m tfdogs.classify --data_dir=data/pets64 --fakes=cat=runs/cats --synthetic_classes=cat \\
        --synthetic_fraction=0,0.85 --output_dir=study

With --gan_flagfile the GANs, one a class, are trained first; they see the train split only. Where a run of
--fakes was trained on other data, the report says that it may have seen the test images.

Prints a table and leaves results.json, report.html, the generated images (fakes/), the GANs (gans/) and one
file a trained network (points/) in output_dir. The same command goes on where it was stopped; more seeds and
further shares may be asked for later.
"""

from tfdogs import cli
from tfdogs.classification.config import ClassifyConfig


def run(config):
    """Makes the study that the configuration asks for."""
    from tfdogs.classification import study  # TensorFlow is loaded once the flags are known to be right

    study.run(config)


if __name__ == "__main__":
    cli.main(ClassifyConfig, run, summary=__doc__)
