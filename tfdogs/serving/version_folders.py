"""Where the versions of a model lie: numbered folders, whole or absent."""

import contextlib
import errno
import os
import secrets
import shutil
from pathlib import Path

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.training import disk

MAX_VERSION = 10**18 - 1  # as int64 holds it, and no odd number of digits to read
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


def check(export_dir, version=None):
    """Refuses a folder that cannot hold exports, or a version that is there.

    Args:
        export_dir: the folder of the versions; it need not exist.
        version: the number wanted, or None for the largest plus 1.

    Raises:
        UsageError: it is no folder, or cannot be made, or the version exists.
    """
    root = Path(export_dir).absolute()
    ancestor = next(path for path in (root, *root.parents) if path.exists() or path.is_symlink())
    if not ancestor.is_dir():
        raise UsageError(f"--export_dir={export_dir} cannot be used: {ancestor} is not a folder")
    if version is not None and version in _numbers(root):
        raise UsageError(
            f"--version={version} exists in {export_dir}, and a version never changes; choose another, "
            "or leave --version out for the largest plus 1"
        )


@contextlib.contextmanager
def aside(export_dir):
    """Gives an empty hidden folder in `export_dir` to write a version to, and removes what is left of it.

    Args:
        export_dir: the folder of the versions; created with its parents when needed.

    Raises:
        TfdogsError: the disk refuses.
    """
    root = Path(export_dir)
    # Random, because two containers that share a disk may share a process number too.
    hidden = root / f".{os.getpid()}.{secrets.token_hex(4)}.partial"
    try:
        root.mkdir(parents=True, exist_ok=True)
        hidden.mkdir()
        yield hidden
    except OSError as e:
        raise TfdogsError(f"cannot write {root}: {e.strerror or e}") from e
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


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
        final = root / str(max(_numbers(root), default=0) + 1 if version is None else version)
        try:
            hidden.rename(final)
        except OSError as e:
            if e.errno not in _TAKEN:
                raise
            check(root, version)
        else:
            disk.flush(root)
            return final


def _numbers(root):
    """Returns the versions in a folder; 007 is the same as 7, as for TensorFlow Serving."""
    names = [path.name for path in root.iterdir()] if root.is_dir() else []
    return {int(name) for name in names if name.isascii() and name.isdigit()}
