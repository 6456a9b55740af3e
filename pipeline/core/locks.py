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
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as e:
            raise TfdogsError(f"another process is at work there: {path} is locked") from e
        yield


def is_free(path):
    """Returns whether no process holds the lock of a file."""
    try:
        with held(path):
            return True
    except TfdogsError:
        return False
