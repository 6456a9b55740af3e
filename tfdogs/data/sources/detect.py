"""Which kind of tree a path is: a folder, a tar or a zip archive, told by its content."""

from pathlib import Path

from tfdogs.data.pictures import kind_of
from tfdogs.data.sources.folder import FolderSource
from tfdogs.data.sources.tar import TarSource, is_tar, why_no_tar
from tfdogs.data.sources.tree import is_picture
from tfdogs.data.sources.zip import ZipSource, is_zip, self_extracting
from tfdogs.errors import TfdogsError, UsageError

_ARCHIVE_SUFFIXES = (".tar", ".tgz", ".tbz2", ".txz", ".tzst", ".zip")
_ARCHIVE_SUFFIXES += tuple(f".tar.{kind}" for kind in ("gz", "bz2", "xz", "lzma", "zst"))
_FOREIGN = {
    b"7z\xbc\xaf'\x1c": "7z",
    b"Rar!": "RAR",
    b"\x1f\x9d": "compress (.Z)",
    b"LZIP": "lzip",
    b"\x04\x22\x4d\x18": "LZ4",
    b"070701": "cpio",
    b"070707": "cpio",
    b"MSCF": "cabinet",
    b"PK\7\x08": "split zip",
    b"xar!": "xar",
}


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
        kind, other = _foreign(tree)
        why = why_no_tar(tree) or "it does not begin as an archive does"
    except OSError as e:
        raise UsageError(f"--{flag}: cannot read it: {e.strerror}. {given}") from e
    if kind:
        raise UsageError(f"--{flag}: {kind} archives are not read: unpack it and give the folder. {given}")
    if tree.name.lower().endswith(_ARCHIVE_SUFFIXES):
        raise TfdogsError(f"{path} is {other}" if other else f"{path} is truncated or corrupt: {why}")
    raise UsageError(f"--{flag} must be {legal}{f', and not {other}' if other else ''}. {given}")


def _foreign(path):
    """Returns (kind of an archive that is not read, what else a file is), "" for what is unknown."""
    with path.open("rb") as f:
        start = f.read(512)
    kind = next((kind for magic, kind in _FOREIGN.items() if start.startswith(magic)), "")
    return kind, "one picture" if is_picture(path.name) else kind_of(start)
