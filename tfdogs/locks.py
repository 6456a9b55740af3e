"""Locks that end with the process that holds them, however it ends."""

import contextlib
import errno
import fcntl
import os
import secrets
import socket
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from tfdogs.errors import TfdogsError
from tfdogs.progress import say

# What flock ends with on disks that have none, such as NFS without a lock daemon and some FUSE disks.
_NO_FLOCK = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)
_RECORD_SECONDS = 1.0  # in which a process that has a lock has written down that it does
_POLL_SECONDS = 0.05  # between looks at a lock that cannot be waited for by flock


@contextlib.contextmanager
def held(path, *, what=None, wait=False, work=""):
    """Holds a lock, a file that is there as long as the lock is held.

    The lock is an flock of the file, which the system ends with the process, also on network disks that pass
    flock on to their server (NFS does). Where the disk has none, the lock is a second file, `PATH.owner`,
    which names the process: one that is gone from this machine holds nothing, one of another machine is taken
    to be alive, and the message says which file to remove where it is not.

    Args:
        path: the file; it and missing parents are created, and removed afterwards where nothing else is in
            them.
        what: what the lock is of, for errors; default: `path`.
        wait: whether to wait for another process that holds it, which is printed.
        work: with `wait`, what the other process does, a clause that is printed.

    Raises:
        TfdogsError: another process holds it, without `wait`; names it and its machine.
        OSError: the disk refuses.
    """
    path, what = Path(path).absolute(), what or path
    made = _make_parents(path.parent)
    try:
        try:
            release = _take(path)
        except _Busy as e:
            if not wait:
                raise TfdogsError(f"{what} is in use by {e}") from None
            if work:
                say(f"waiting for {e}, which {work}", sys.stderr)
            release = _wait(path)
        try:
            yield
        finally:
            release()
    finally:
        for folder in made:
            with contextlib.suppress(OSError):  # it is not empty, as is usual
                folder.rmdir()


@contextlib.contextmanager
def tried(path):
    """Holds a lock if no one else does; gives whether it is held. See `held`."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(held(path))
            free = True
        except TfdogsError:
            free = False
        yield free


class _Owner(NamedTuple):
    """Who holds a lock; `began`, in seconds since 1970, tells processes of one number apart."""

    pid: int
    host: str
    began: int

    @classmethod
    def this(cls):
        return cls(os.getpid(), socket.gethostname(), int(psutil.Process().create_time()))

    @classmethod
    def read(cls, path):
        """Returns the owner that a file names, or None where it names none even after some time."""
        deadline = time.monotonic() + _RECORD_SECONDS
        while True:
            with contextlib.suppress(OSError, ValueError):
                pid, host, began = path.read_text(encoding="utf-8").split()
                return cls(int(pid), host, int(began))
            if time.monotonic() > deadline:
                return None
            time.sleep(0.02)

    def gone(self):
        """Says whether the process is known not to be there any more."""
        if self.host != socket.gethostname():
            return False
        try:
            return abs(psutil.Process(self.pid).create_time() - self.began) > 2
        except psutil.NoSuchProcess:
            return True

    def __str__(self):
        return f"process {self.pid} on {self.host}"


class _Busy(Exception):
    """Another process holds the lock; the text says which."""

    def __init__(self, owner, advice=""):
        super().__init__(f"{owner or 'another process'}{advice}")


def _take(path):
    """Takes a lock; returns the function that gives it back.

    Raises:
        _Busy: another process holds it.
    """
    while True:
        try:
            file = path.open("a+", encoding="utf-8")
        except PermissionError as e:
            _remove_of_another_user(path, e)
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise _Busy(_Owner.read(path)) from None
        except OSError as e:
            file.close()
            if e.errno not in _NO_FLOCK:
                raise
            return _claim(path)
        if _is_at(file, path):
            try:
                _write_owner(file, path)
            except OSError:  # a full disk: the lock would stay there, as nobody's
                _give_back(file, path)
                raise
            return lambda: _give_back(file, path)
        file.close()  # who held it has removed it meanwhile


def _remove_of_another_user(path, error):
    """Removes a lock that a killed process of another user left in a folder that both write to.

    Raises:
        _Busy: that process lives.
        PermissionError: `error`, with which opening it to write ended: the folder, or the lock, is not for
            this user; or whether the process lives cannot be told, as on network disks.
    """
    try:
        file = path.open(encoding="utf-8")
    except FileNotFoundError:
        if os.access(path.parent, os.W_OK):
            return  # its owner has just removed it
        raise error from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _Busy(_Owner.read(path)) from None
        except OSError:
            raise error from None
        if _is_at(file, path):
            path.unlink()


def _wait(path):
    while True:
        with contextlib.suppress(_Busy):
            return _take(path)
        time.sleep(_POLL_SECONDS)


def _is_at(file, path):
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _write_owner(file, path):
    file.seek(0)
    before = file.read().split()
    this = _Owner.this()
    if len(before) == 3 and before[1] != this.host:
        # It was killed there, or this disk's locks do not reach from one machine to the other.
        say(
            f"{path} was left behind by process {before[0]} on {before[1]}: make sure that it is gone",
            sys.stderr,
        )
    file.seek(0)
    file.truncate()
    file.write("{} {} {}\n".format(*this))
    file.flush()


def _give_back(file, path):
    with contextlib.suppress(OSError):  # a disk that fails now, or a folder that is gone
        path.unlink()
    fcntl.flock(file, fcntl.LOCK_UN)  # a forked process may have the file open still
    with contextlib.suppress(OSError):  # the name that the full disk did not take is tried again
        file.close()


def _claim(path):
    """Takes a lock where there is no flock: a file that one process alone can make, and that names it."""
    owner, this = path.with_name(f"{path.name}.owner"), _Owner.this()
    while True:
        try:
            with owner.open("x", encoding="utf-8") as file:
                file.write("{} {} {}\n".format(*this))
        except FileExistsError:
            _remove_claim_of_the_dead(owner)
            continue

        def give_back():
            for file in (path, owner):
                file.unlink(missing_ok=True)

        return give_back


def _remove_claim_of_the_dead(path):
    found = _Owner.read(path)
    if found is None and not path.exists():
        return
    if found is None or not found.gone():
        elsewhere = found is None or found.host != socket.gethostname()
        raise _Busy(found, f"; if that is gone, remove {path}" if elsewhere else "")
    taken = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with contextlib.suppress(FileNotFoundError):  # another process is doing the same
        path.rename(taken)
        if _Owner.read(taken) != found:  # another process has done the same, and has the lock by now
            taken.rename(path)
            return
        taken.unlink()


def _make_parents(folder):
    """Makes a folder; returns those that were made for it, the innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as e:
        at = next(path for path in (folder, *folder.parents) if path.exists())
        raise NotADirectoryError(errno.ENOTDIR, f"{at} is a file, not a folder", str(at)) from e
    return missing
