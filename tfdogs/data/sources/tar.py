"""Pictures in a tar archive."""

import bz2
import contextlib
import functools
import gzip
import lzma
import tarfile
import zlib

from tfdogs.data.sources.tree import LINK, Entry, TreeSource, clean_path, number_copies, read_at, too_large
from tfdogs.errors import TfdogsError

_BROKEN = (
    tarfile.TarError,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    RecursionError,
    zlib.error,
    lzma.LZMAError,
)
_EXTENDED_HEADERS = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)
_MAX_HEADER_BYTES = 2**20


class TarSource(TreeSource):
    """The pictures in a tar archive, which is never unpacked.

    An uncompressed archive is indexed once; workers read the members in place. A compressed one (gzip,
    bzip2, xz, Zstandard) is gone through twice in the parent process: once for its headers, so that the
    classes are those that the same pictures would have in a folder, and once for the pictures, whose bytes
    travel to the workers within the items.

    Args:
        path: the archive.
    """

    def listing(self):
        """Yields every member, in the order of the archive.

        Raises:
            TfdogsError: the archive is truncated or corrupt; the members before the damage were yielded.
        """
        index, error = self._index
        yield from index
        if error is not None:
            raise TfdogsError(error)

    def loadable(self, wanted):
        """Yields the files whose `Entry` passes `wanted`; from a compressed archive with their bytes."""
        if _opener(self.path) is None:
            return super().loadable(wanted)
        members = number_copies(self._members(wanted))
        return (entry for entry in members if not entry.folder and wanted(entry))

    def load(self, item):
        """Returns a picture's bytes.

        Raises:
            OSError: the archive cannot be read or is shorter than when it was indexed.
        """
        return item.ref if isinstance(item.ref, bytes) else read_at(self.path, *item.ref)

    @functools.cached_property
    def _index(self):
        index = []
        try:
            index.extend(number_copies(self._members(lambda entry: False)))
        except TfdogsError as e:
            return index, str(e)
        return index, None

    def _members(self, wanted):
        """Yields `Entry`s; from a compressed archive the bytes of wanted members as ref."""
        try:
            compressed = _opener(self.path) is not None
            with _open(self.path) as tar:
                while (member := tar.next()) is not None:
                    tar.members.clear()  # it remembers every header otherwise
                    if member.size < 0:
                        raise tarfile.ReadError("negative size")
                    entry = _entry(member)
                    if compressed and not entry.folder and entry.problem is None:
                        entry = entry._replace(ref=_read(tar, member) if wanted(entry) else None)
                    yield entry
        except _BROKEN as e:
            raise TfdogsError(f"{self.path} is truncated or corrupt: {e}") from e


class _StrictTarInfo(tarfile.TarInfo):
    """A header; where tarfile takes a damaged one for the end of the archive, this raises."""

    @classmethod
    def frombuf(cls, buf, encoding, errors):
        try:
            info = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as e:
            if len(buf) == tarfile.BLOCKSIZE and not any(buf):
                raise  # a block of zeros: the proper end
            raise tarfile.ReadError(f"bad header: {e}" if buf else "it has no end") from e
        if info.size < 0 or (info.type in _EXTENDED_HEADERS and info.size > _MAX_HEADER_BYTES):
            raise tarfile.ReadError(f"bad header: size {info.size}")
        return info


def _open_zstd(path, mode):
    """Opens a file that Zstandard has compressed, also in several frames."""
    try:
        import zstandard
    except ImportError as e:
        raise TfdogsError(
            f"{path} is compressed with Zstandard: pip install zstandard, or unpack it with `unzstd {path}`"
        ) from e
    return _Zstd(path.open(mode), zstandard)


class _Zstd(contextlib.AbstractContextManager):
    """A readable file whose errors are `OSError`s, as those of gzip and bz2 are."""

    def __init__(self, file, zstandard):
        self._file, self._error = file, zstandard.ZstdError
        self._reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)

    def read(self, size):
        try:
            return self._reader.read(size)
        except self._error as e:
            raise OSError(str(e)) from e

    def __exit__(self, *details):
        self._file.close()


_OPENERS = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
    b"\x5d\0\0": lzma.open,  # .lzma, the older form of xz
    b"\x28\xb5\x2f\xfd": _open_zstd,
    b"\x50\x2a\x4d\x18": _open_zstd,  # pzstd begins with a frame that is to be skipped
}


def is_tar(path):
    """Says whether a file begins as a tar archive does, compressed or not."""
    return why_no_tar(path) is None


def why_no_tar(path):
    """Returns what is wrong with the beginning of a file that should be a tar archive, or None."""
    opener = _opener(path)
    try:
        with (opener or open)(path, "rb") as f:
            _StrictTarInfo.frombuf(f.read(tarfile.BLOCKSIZE), tarfile.ENCODING, "surrogateescape")
    except tarfile.HeaderError:
        return None  # an empty archive
    except _BROKEN as e:
        return f"its compressed data: {e}" if opener and not isinstance(e, tarfile.ReadError) else ""
    return None


@contextlib.contextmanager
def _open(path):
    opener = _opener(path)
    if opener is None:
        with tarfile.open(path, "r:", tarinfo=_StrictTarInfo) as tar:
            yield tar
    else:
        with opener(path, "rb") as f, tarfile.open(fileobj=f, mode="r|", tarinfo=_StrictTarInfo) as tar:
            yield tar


def _opener(path):
    """Returns what opens a compressed file, or None for one that is not compressed."""
    with path.open("rb") as f:
        start = f.read(6)
    return next((opener for magic, opener in _OPENERS.items() if start.startswith(magic)), None)


def _entry(member):
    path, problem, detail = clean_path(member.name)
    if member.isdir():
        return Entry(path, None, folder=True)
    if not problem:
        problem, detail = _problem(member)
    return Entry(path, (member.offset_data, member.size), problem, detail=detail)


def _problem(member):
    """Returns (problem, detail) of a member that is no folder."""
    if member.issym() or member.islnk():
        kind = "symbolic" if member.issym() else "hard"
        dereference = "-h" if member.issym() else "--hard-dereference"
        detail = f"a {kind} link to {member.linkname}, not followed in archives: pack with tar {dereference}"
        return LINK, detail[:200]
    if not member.isreg() or member.issparse():
        sparse = "a sparse file: pack without --sparse"
        return "not_a_regular_file", sparse if member.issparse() else "a device or a pipe"
    return too_large(member.size)


def _read(tar, member):
    data = tar.extractfile(member).read()
    if len(data) != member.size:
        raise tarfile.ReadError("unexpected end of data")
    return data
