"""What would otherwise be found after hours of work: checked before a run begins."""

import os
from pathlib import Path

from pipeline.beam.options import options
from pipeline.run_config import ONE_MACHINE
from pipeline.validation import schema as schemas
from tfdogs.errors import UsageError
from tfdogs.serving import version_folders
from tfdogs.training.cluster import Cluster


def check(config):
    """Refuses a run whose later components could not do their work.

    Args:
        config: `pipeline.run_config.RunConfig`.

    Raises:
        UsageError: it is refused, in the words of the flag that is wrong.
    """
    check_environment()
    options(config.beam_args)
    if config.schema:
        schemas.load(config.schema)
    _check_push_dir(config.push_dir)


def check_environment():
    """Refuses an environment in which Trainer would wait for other machines.

    Raises:
        UsageError: TF_CONFIG names several workers, or is malformed.
    """
    if Cluster.from_environment():
        raise UsageError(f"TF_CONFIG names several workers: {ONE_MACHINE}")


def _check_push_dir(push_dir):
    version_folders.check(push_dir, flag="push_dir")
    root = Path(push_dir).absolute()
    there = next(path for path in (root, *root.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"--push_dir={push_dir} cannot be used: {there} may not be written to")
