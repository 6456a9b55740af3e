"""Tells what an artifact was made of, by which code and flags, back to the pictures.

    python -m pipeline.lineage --root=pipeline_runs/dogs Model
    python -m pipeline.lineage --root=pipeline_runs/dogs --artifact=exports/dogs/3 --output=lineage.html
    python -m pipeline.lineage --root=pipeline_runs/dogs

prints a tree, from the artifact to what it came from; without an artifact it lists all there are.
"""

from pipeline.report.lineage_config import LineageConfig
from tfdogs import cli


def run(config):
    """Runs the command."""
    from pipeline.report.tell_lineage import tell

    tell(config)


if __name__ == "__main__":
    cli.main(LineageConfig, run, summary=__doc__)
