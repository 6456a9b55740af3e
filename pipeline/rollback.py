"""Goes back to an older version of a pushed model.

    python -m pipeline.rollback --push_dir=exports/dogs
    python -m pipeline.rollback --push_dir=exports/dogs --version=3

The version appears again under the next number, whole or not at all, and a server that watches the folder
takes it up. Nothing is removed, and going back can be taken back in the same way.
"""

from pipeline.release.rollback_config import RollbackConfig
from tfdogs import cli


def run(config):
    """Rolls back."""
    from pipeline.release.pushed_versions import roll_back

    taken, number = roll_back(config.push_dir, config.version or None)
    print(f"{config.push_dir}: version {taken} is served again, as version {number}")


if __name__ == "__main__":
    cli.main(RollbackConfig, run, summary=__doc__)
