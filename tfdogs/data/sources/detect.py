"""Which kind of tree a path is: a folder, a tar or a zip archive, told by its content."""

from pathlib import Path

from tfdogs.data.sources.folder import FolderSource
from tfdogs.data.sources.tar import TarSource, is_tar
from tfdogs.data.sources.zip import ZipSource, is_zip, self_extracting
from tfdogs.errors import TfdogsError, UsageError

_ARCHIVE_SUFFIXES = (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tzst", ".zip")
_FOREIGN = {b"7z\xbc\xaf'\x1c": "7z", b"Rar!": "RAR", b"\x1f\x9d": "compress (.Z)", b"LZIP": "lzip"}


def open_tree(path, *, flag, legal="a folder, .tar, .tar.gz or .zip"):
    """Opens a folder or an archive.

    Args:
        path: where it lies, as the user gave it.
        flag: name of the flag that gave it, for errors.
        legal: what the flag takes, for errors.

    Returns:
        A `TreeSource`; nothing but the first bytes have been read.

    Raises:
        UsageError: there is no such file, or it is of no known kind.
        TfdogsError: an archive by its name that is none by its content.
    """
    given = f"Received: --{flag}={path}"
    if not path:
        raise UsageError(f"--{flag} must be {legal}. {given}")
    tree = Path(path)
    try:
        if tree.is_dir():
            return FolderSource(tree)
        if not tree.is_file():
            raise UsageError(f"--{flag}: no such file or folder; legal is {legal}. {given}")
        if is_zip(tree):
            return ZipSource(tree)
        if is_tar(tree):
            return TarSource(tree)
        if self_extracting(tree):
            return ZipSource(tree)
        kind = _foreign(tree)
    except OSError as e:
        raise UsageError(f"--{flag}: cannot read it: {e.strerror}. {given}") from e
    if kind:
        raise UsageError(f"--{flag}: {kind} archives are not read: unpack it and give the folder. {given}")
    if tree.name.lower().endswith(_ARCHIVE_SUFFIXES):
        raise TfdogsError(f"{path} is truncated or corrupt: it does not begin as an archive does")
    raise UsageError(f"--{flag} must be {legal}. {given}")


def _foreign(path):
    """Returns the kind of an archive that is not read, "" for other files."""
    with path.open("rb") as f:
        start = f.read(8)
    return next((kind for magic, kind in _FOREIGN.items() if start.startswith(magic)), "")
