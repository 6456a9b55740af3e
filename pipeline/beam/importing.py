"""Apache Beam, imported without its chatter."""

import logging
import os
import warnings

from tfdogs.errors import UsageError


def import_beam():
    """Imports Apache Beam for the first time, which tells of Python versions and of packages to install.

    Raises:
        UsageError: it is not installed.
    """
    # Worker processes of this machine inherit it.
    os.environ.setdefault("PYTHONWARNINGS", "ignore::FutureWarning")
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
