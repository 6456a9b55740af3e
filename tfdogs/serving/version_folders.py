"""Where the versions of a model lie: numbered folders, whole or absent."""

import contextlib
import errno
import re
import shutil
import time
from pathlib import Path

from tfdogs.aside import hidden_beside, sweep
from tfdogs.errors import TfdogsError, UsageError, reason
from tfdogs.training import disk

MAX_VERSION = 10**18 - 1  # as int64 holds it, and no odd number of digits to read
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)
_NUMBER = re.compile(r"[0-9]{1,18}")
_PARTIAL = re.compile(r"\.[0-9]+\.[0-9a-f]{8}\.partial")
_STALE_SECONDS = 24 * 60 * 60


def is_version(path):
    """Says whether a path is a version: a folder, or a link to one, named by 1 to 18 ASCII digits."""
    path = Path(path)
    return bool(_NUMBER.fullmatch(path.name)) and path.is_dir()


def versions(export_dir):
    """Finds the versions of an export.

    Args:
        export_dir: the folder of the versions.

    Returns:
        dict of number to Path, newest last. Where two folders have one number, as 1 and 01 have, it is the
        one with fewer zeros before it.

    Raises:
        OSError: the folder cannot be read.
    """
    folders = [path for path in Path(export_dir).iterdir() if is_version(path)]
    folders.sort(key=lambda path: (int(path.name), -len(path.name)))
    return {int(path.name): path for path in folders}


def check(export_dir, version=None, *, flag="export_dir"):
    """Refuses a folder that cannot hold exports, or a version that is there.

    Args:
        export_dir: the folder of the versions; it need not exist.
        version: the number wanted, or None for the largest plus 1.
        flag: name of the flag that gave the folder, for errors. Default "export_dir".

    Raises:
        UsageError: it is no folder, or cannot be made, or the version exists, or none is larger than those.
    """
    root = Path(export_dir).absolute()
    ancestor = next(path for path in (root, *root.parents) if path.exists() or path.is_symlink())
    if not ancestor.is_dir():
        raise UsageError(f"--{flag}={export_dir} cannot be used: {ancestor} is not a folder")
    _pick(root, version)


@contextlib.contextmanager
def aside(export_dir):
    """Gives an empty hidden folder in `export_dir` to write a version to, and removes what is left of it.

    What killed exports left there is removed too; where an earlier version did, once it is a day old.

    Args:
        export_dir: the folder of the versions; created with its parents when needed.

    Raises:
        TfdogsError: the disk refuses.
    """
    root = Path(export_dir)
    try:
        root.mkdir(parents=True, exist_ok=True)
        _remove_stale(root)
        sweep(root)
        with hidden_beside(root / "version") as hidden:
            hidden.mkdir()
            yield hidden
    except OSError as e:
        raise TfdogsError(f"cannot write {root}: {reason(e)}") from e


def publish(hidden, version=None):
    """Makes a folder that `aside` gave a version: flushed to disk, then renamed.

    Args:
        hidden: the folder, complete.
        version: its number, or None for the largest plus 1, whoever else is publishing.

    Returns:
        Path of the version's folder.

    Raises:
        UsageError: the version has come to be meanwhile.
        OSError: the disk failed.
    """
    root = hidden.parent
    check(root, version)
    for path in (*hidden.rglob("*"), hidden):
        disk.flush(path)
    while True:
        final = root / str(_pick(root, version))
        try:
            hidden.rename(final)
        except OSError as e:
            if e.errno not in _TAKEN:
                raise
        else:
            disk.flush(root)
            return final


def _pick(root, version):
    """Returns the number of the version to be, or refuses it."""
    names = [path.name for path in root.iterdir()] if root.is_dir() else []
    # Not of folders only, for a file is in the way too; 007 is the same as 7, as for TensorFlow Serving.
    taken = {int(name) for name in names if _NUMBER.fullmatch(name)}
    if version is None:
        version = max(taken, default=0) + 1
        if version > MAX_VERSION:
            raise UsageError(
                f"--version must be given where the largest there is: {MAX_VERSION} is in {root}"
            )
    elif version in taken:
        raise UsageError(
            f"--version={version} exists in {root}, and a version never changes; choose another, "
            "or leave --version out for the largest plus 1"
        )
    return version


def _remove_stale(root):
    """Removes what exports left that were killed more than a day ago."""
    for path in root.iterdir():
        if _PARTIAL.fullmatch(path.name):
            with contextlib.suppress(OSError):  # another export removes it too
                if time.time() - path.lstat().st_mtime > _STALE_SECONDS:
                    shutil.rmtree(path)
