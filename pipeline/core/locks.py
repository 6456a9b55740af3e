"""Locks that end with the process that holds them, however it ends."""

import contextlib
import fcntl
from pathlib import Path

from tfdogs.errors import TfdogsError


@contextlib.contextmanager
def held(path, *, wait=False):
    """Holds the lock of a file, which is made where it is not there.

    Args:
        path: the file.
        wait: whether to wait for another process that holds it.

    Raises:
        TfdogsError: another process holds it, without `wait`.
    """
    with _opened(path) as file:
        if not _locked(file, wait):
            raise TfdogsError(f"another process is at work there: {path} is locked")
        yield


@contextlib.contextmanager
def tried(path):
    """Holds the lock of a file if no one else does; gives whether it is held."""
    with _opened(path) as file:
        yield _locked(file, wait=False)


def _opened(path):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("a")


def _locked(file, wait):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
