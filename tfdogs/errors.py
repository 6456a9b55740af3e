"""The two ways in which a command ends other than well, and what the disk says in a few words."""

import contextlib
import errno
import os
import re
import sys

_OF_DISKS = tuple(
    os.strerror(number)
    for number in (
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO),
        *(errno.EISDIR, errno.ENOTDIR, errno.ENOENT, errno.ENAMETOOLONG, errno.ESTALE, errno.ENOTEMPTY),
    )
)


# What NumPy and Pillow raise where a file ends before it is written; they do not say why.
_OF_LIBRARIES = re.compile(r"\d+ requested and \d+ written|encoder error -2\b")
_CUT = "the disk is full, or the file is larger than is allowed"


class TfdogsError(Exception):
    """The work failed for a reason that the user can act on: one line, exit status 1."""


class UsageError(TfdogsError):
    """What was asked for is impossible, found before any work: one line, exit status 2."""


def of_disk(error):
    """Returns what an error says of a disk, such as "No space left on device"; None where it is of none.

    Args:
        error: an exception: an OSError, or one of TensorFlow's, whose messages name operations and files
            besides.
    """
    if isinstance(error, OSError):
        text = " ".join(str(error).split())
        return error.strerror or (_CUT if _OF_LIBRARIES.search(text) else text)
    text = getattr(error, "message", None)  # tf.errors.OpError; not imported, for it takes seconds
    return next((words for words in _OF_DISKS if words in text), None) if isinstance(text, str) else None


def reason(error):
    """Returns an error as part of a line: what it says of a disk, or at most 200 letters of its message."""
    return of_disk(error) or " ".join(str(getattr(error, "message", None) or error).split())[:200]


def with_path(error):
    """Returns an error as a line that names the file where it does: "PATH: No space left on device"."""
    words = of_disk(error)
    if isinstance(error, OSError):
        return f"{error.filename}: {words}" if isinstance(error.filename, str) else words
    if words is None:
        return reason(error)
    path = re.search(r"(\S+); " + re.escape(words), error.message)  # as TensorFlow's file systems write it
    return f"{path[1]}: {words}" if path else words


@contextlib.contextmanager
def naming(path):
    """Gives a context whose OSErrors name a file, also those of writing, which do not by themselves."""
    try:
        yield
    except OSError as e:
        e.filename = e.filename or str(path)
        raise


@contextlib.contextmanager
def harmless(what):
    """Gives a context whose errors cost no more than what is made in it: a line on stderr tells them.

    Args:
        what: what cannot be made then, such as the path of a report.
    """
    try:
        yield
    except Exception as e:
        kind = "" if isinstance(e, TfdogsError) or of_disk(e) else f"{type(e).__name__}: "
        text = f"warning: cannot write {what} ({kind}{reason(e)}); all else is there"
        with contextlib.suppress(OSError, ValueError):  # standard error may be on the same full disk
            print(text, file=sys.stderr, flush=True)
