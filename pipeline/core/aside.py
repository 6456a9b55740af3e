"""Files that appear whole, although several workers may write one at a time."""

import contextlib
import secrets
import shutil
from pathlib import Path

from tfdogs.errors import TfdogsError


@contextlib.contextmanager
def aside(path):
    """Gives a hidden path beside `path`, which takes its name when the body ends well.

    The hidden name is drawn: on a cluster two workers may share a process id, and a runner may give a piece
    of work to both.

    Raises:
        TfdogsError: the disk refuses.
    """
    path = Path(path)
    hidden = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
    try:
        yield hidden
        hidden.replace(path)
    except OSError as e:
        raise TfdogsError(f"cannot write {path}: {e.strerror or e}") from e
    finally:
        hidden.unlink(missing_ok=True)


def sweep(folder):
    """Removes what killed workers left hidden in `folder`; no worker may be at it."""
    for path in Path(folder).glob(".*.partial"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
