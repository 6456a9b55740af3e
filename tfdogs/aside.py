"""What commands write: by one command at a time, aside and then renamed, swept where one was killed."""

import contextlib
import glob
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from pathlib import Path

import psutil

from tfdogs import locks
from tfdogs.errors import TfdogsError, UsageError, naming, reason

LOCK = ".lock"  # in a folder that a command writes to
_HIDDEN = re.compile(r"(?P<base>\.(?P<name>.+)\.tmp-[0-9a-f]{16})\.lock")
# What versions without locks left of a killed command: with the process' number, or with a drawn one.
_OLDER = re.compile(
    r"\.(?P<name>.+?)\.((?P<kind>tmp|old)-(?P<pid>\d+)|(?P<pid2>\d{1,7})\.partial|"
    r"([0-9a-f]{8}){1,2}\.(partial|old|damaged))"
)
_STALE_SECONDS = 24 * 60 * 60  # after which one with a drawn number is given up
_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = str.maketrans({letter: f"\\{ord(letter):03o}" for letter in " \t\n\\"})  # there


@contextlib.contextmanager
def alone_in(folder, *parts):
    """Keeps other commands from writing to a folder that a command adds to, such as a run's.

    Args:
        folder: made where it is not there, and removed afterwards where it has stayed empty.
        parts: names of folders in it that are swept besides, see `sweep`.

    Raises:
        TfdogsError: another process writes there, or the disk refuses.
    """
    folder = Path(folder)
    with _entered(locks.held(folder / LOCK, what=folder), folder):
        for path in (folder, *(folder / part for part in parts)):
            sweep(path, ours=True)
        yield


@contextlib.contextmanager
def alone_at(path, *, what=None):
    """Keeps other commands from writing a file, or a folder that is replaced as a whole.

    What killed commands left beside it is removed.

    Args:
        path: the file or folder, or a link to where it is to be.
        what: its name in errors; default: `path`.

    Raises:
        UsageError: a disk is mounted there, so that it cannot be replaced.
        TfdogsError: another process writes it, or the disk refuses.
    """
    what, path = what or path, place(path)
    if _is_mounted(path):
        inside = f"give a folder in it, such as {Path(what, 'out')}" if path.is_dir() else "choose another"
        raise UsageError(f"{what} is where a disk is mounted, which cannot be replaced as a whole: {inside}")
    with _entered(locks.held(path.with_name(f".{path.name}{LOCK}"), what=what), what):
        _sweep_older(path.parent, path.name)
        sweep(path.parent)
        yield


@contextlib.contextmanager
def replacing(path, *, folder=False):
    """Gives a hidden path beside `path` to write to, which takes its place when the body ends well.

    Where the body raises, nothing is left and `path` stays as it was.

    Args:
        path: of the file or folder, or a link to where it is to be; missing parents are created.
        folder: True for a folder, which is given empty; False, the default, for a file.

    Raises:
        TfdogsError: the disk refuses.
    """
    path = place(path)
    hidden = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with hidden_beside(path) as hidden:
            if folder:
                hidden.mkdir()
            yield hidden
            if folder and path.exists():
                path.rename(hidden.with_suffix(".old"))
            hidden.replace(path)
    except OSError as e:
        raise _told(e, path, hidden) from e


def place(path):
    """Returns the absolute Path of an output: links are followed, lest they be replaced by what is written.

    Such a link says on which disk there is room.
    """
    return Path(os.path.realpath(path))


def _is_mounted(path):
    """Says whether a disk is mounted at a path, or a folder of the same disk, which `ismount` misses."""
    if os.path.ismount(path):
        return True
    with contextlib.suppress(OSError):
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        return str(path).translate(_ESCAPED) in {line.split(" ")[4] for line in lines}
    return False


@contextlib.contextmanager
def hidden_beside(path):
    """Gives a hidden path beside `path`, where nothing is yet and nothing is left afterwards.

    What stood at `path` may be renamed to the same name with the ending `.old`: it comes back where nothing
    else stands there in the end. A killed process leaves `.NAME.tmp-RANDOM.partial` and its lock: `sweep`.

    Args:
        path: of the file or folder.

    Raises:
        OSError: the folder of `path` is not there, or the disk refuses.
    """
    # Drawn, because two containers that share a disk may share a process number too.
    path, base = Path(path), f".{Path(path).name}.tmp-{secrets.token_hex(8)}"
    hidden = path.with_name(f"{base}.partial")
    path.parent.stat()
    with locks.held(path.with_name(f"{base}.lock"), wait=True):  # a sweep may try it first
        try:
            yield hidden
        finally:
            _clear(path, hidden, hidden.with_suffix(".old"))


def write_text(path, text):
    """Writes a text file that is whole whenever a kill comes, in a folder that is this command's alone.

    Args:
        path: of the file.
        text: what it is to hold, written as UTF-8.

    Raises:
        OSError: the disk refuses; names the file.
    """
    path = Path(path)
    hidden = path.with_name(f".{path.name}")
    with naming(path):
        hidden.write_text(text, encoding="utf-8")
        hidden.replace(path)


def sweep(folder, *, ours=False):
    """Removes what `hidden_beside` gave in a folder to processes that are gone, not to living ones.

    Args:
        folder: the folder.
        ours: whether all in it is of tfdogs: what versions without locks left is removed too.
    """
    if ours:
        _sweep_older(Path(folder))
    for lock in Path(folder).glob(".*.tmp-*.lock"):
        match = _HIDDEN.fullmatch(lock.name)
        with contextlib.suppress(OSError):
            if match and _is_own(lock):
                hidden, old = (lock.with_name(f"{match['base']}.{end}") for end in ("partial", "old"))
                with locks.tried(lock) as dead:
                    if dead:
                        _clear(lock.with_name(match["name"]), hidden, old)


def _is_own(path):
    """Says whether it is a file of this user and no link, which in a folder of all may be a trap."""
    facts = path.lstat()
    return stat.S_ISREG(facts.st_mode) and facts.st_uid == os.getuid()


def remove(path):
    """Removes a file or folder; one that is not there is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _clear(path, hidden, old):
    """Removes what is hidden, after what stood at `path` before is back where nothing else is."""
    if old.exists() and not path.exists():
        old.rename(path)
    remove(old)
    remove(hidden)


def _sweep_older(folder, name=None):
    """Removes what versions without locks left hidden in a folder: of a process that is gone, or a day old.

    Args:
        folder: Path of the folder.
        name: of what it was to become; None: of anything, in a folder that is ours.
    """
    for left in folder.glob(f".{'*' if name is None else glob.escape(name)}.*"):
        match = _OLDER.fullmatch(left.name)
        if match is None or name not in (None, match["name"]):
            continue
        pid, nothing = match["pid"] or match["pid2"], left.with_name(f"{left.name}.none")
        with contextlib.suppress(OSError):
            stale = time.time() - left.lstat().st_mtime > _STALE_SECONDS
            if not psutil.pid_exists(int(pid)) if pid else stale:
                before = match["kind"] == "old" or left.suffix == ".old"
                path = left.with_name(match["name"])
                _clear(path, nothing if before else left, left if before else nothing)


@contextlib.contextmanager
def scratch(name):
    """Gives an empty folder among the system's temporary ones, which is gone afterwards.

    Args:
        name: what it is for, part of its name.
    """
    folder = Path(tempfile.gettempdir())
    sweep(folder)
    with hidden_beside(folder / name) as hidden:
        hidden.mkdir()
        yield hidden


def _told(error, path, hidden):
    """Returns an error of the disk as one line that names the file: `path`, or another that the body used."""
    name = error.filename
    if isinstance(name, str) and name != str(path) and not name.startswith(str(hidden)):
        return TfdogsError(f"{name}: {reason(error)}")
    return TfdogsError(f"cannot write {path}: {reason(error)}")


@contextlib.contextmanager
def _entered(context, what):
    """Enters a context; of the errors of the disk, those of entering become one line."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(context)
        except OSError as e:
            raise TfdogsError(f"cannot write {what}: {reason(e)}") from e
        yield
