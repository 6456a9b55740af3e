"""Apache Beam, imported without its chatter."""

import logging
import warnings

from pipeline.beam import forkserver
from tfdogs.errors import UsageError


def import_beam(*, workers=1):
    """Imports Apache Beam for the first time, which tells of Python versions and of packages to install.

    Args:
        workers: how many processes there will be on this machine; with several, what they are forked from
            imports it meanwhile, too.

    Raises:
        UsageError: it is not installed.
    """
    forkserver.begin(workers)
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import apache_beam  # noqa: F401
    except ImportError as e:
        raise UsageError(f"needs Apache Beam: pip install 'tfdogs[pipeline]' ({e})") from e
    finally:
        root.setLevel(level)
