"""Pictures in a zip archive."""

import functools
import stat
import struct
import zipfile
import zlib

from tfdogs.data.names import zip_name
from tfdogs.data.sources.tree import LINK, Entry, TreeSource, clean_path, number_copies, read_at, too_large
from tfdogs.errors import TfdogsError

LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_ENCRYPTED = 0x1
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd", 99: "AES"}
# On damaged directories zipfile lets errors of codecs, struct and arithmetic through.
BROKEN = (zipfile.BadZipFile, OSError, ValueError, ArithmeticError, NotImplementedError, struct.error)


class ZipSource(TreeSource):
    """The pictures in a zip archive, which is never unpacked.

    The parent process reads the directory of the archive; a worker reads a member in place, knowing
    where it lies, and so opens no archive and keeps no handle.

    Args:
        path: the archive.
    """

    def listing(self):
        """Yields every member, in the order of the archive's directory.

        Raises:
            TfdogsError: the archive is truncated or corrupt.
        """
        return iter(self._index)

    def load(self, item):
        """Returns a picture's bytes, never more than the directory promised.

        Raises:
            OSError: the archive cannot be read or ends too early.
            ValueError: the member is not what the directory says.
        """
        offset, stored, size, method, crc = item.ref
        header = read_at(self.path, offset, LOCAL_HEADER.size)
        magic, *_, name_bytes, extra_bytes = LOCAL_HEADER.unpack(header)
        if magic != b"PK\x03\x04":
            raise ValueError(f"{self.path}: no member at {offset}")
        data = read_at(self.path, offset + len(header) + name_bytes + extra_bytes, stored)
        if method == zipfile.ZIP_DEFLATED:
            try:
                data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size + 1)
            except zlib.error as e:
                raise ValueError(f"{self.path}: the member at {offset} is corrupt: {e}") from e
        if len(data) != size or zlib.crc32(data) != crc:
            raise ValueError(f"{self.path}: the member at {offset} has a wrong size or checksum")
        return data

    def left_out(self):
        """Returns what is no item, and which names are guessed: see `tfdogs.data.sources.base.LeftOut`."""
        _, guessed = self._contents
        return super().left_out()._replace(guessed=guessed)

    @property
    def _index(self):
        index, _ = self._contents
        return index

    @functools.cached_property
    def _contents(self):
        """The list of `Entry`s, and the names whose encoding is not certain, each once."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                members = archive.infolist()
        except BROKEN as e:
            why = "it has no directory at its end" if _ends_early(self.path) else e
            raise TfdogsError(f"{self.path} is truncated or corrupt: {why}") from e
        if any(info.header_offset < 0 or info.volume not in (0, 0xFFFF) for info in members):
            raise TfdogsError(
                f"{self.path} is a part of a split archive: join its parts (zip -s 0 {self.path.name} --out "
                "whole.zip), or unpack them and give the folder"
            )
        names = _names(members)
        index = list(number_copies(_entry(info, name) for info, (name, _) in zip(members, names)))
        guessed = {name.rpartition("/")[0] or name for name, certain in names if not certain}
        return index, tuple(sorted(guessed))


def is_zip(path):
    """Says whether a file begins as a zip archive does."""
    with path.open("rb") as f:
        return f.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def self_extracting(path):
    """Says whether a file that begins as something else ends as a zip archive does."""
    return zipfile.is_zipfile(path)


def _names(members):
    """Returns the names of the members as `zip_name` does; where none is parted by "/", a backslash parts it.

    .NET before 4.6.1 and some programs on Windows write backslashes, against the standard.
    """
    names = [zip_name(info) for info in members]
    if any("/" in name for name, _ in names):
        return names
    return [(name.replace("\\", "/"), certain) for name, certain in names]


def _ends_early(path):
    """Says whether an archive lacks its end, as a download that was cut short."""
    try:
        return not zipfile.is_zipfile(path)
    except OSError:
        return False


def _entry(info, name):
    ref = (info.header_offset, info.compress_size, info.file_size, info.compress_type, info.CRC)
    path, problem, detail = clean_path(name)
    if name.endswith("/"):
        return Entry(path, None, folder=True)
    if not problem:
        problem, detail = _problem(info)
    return Entry(path, ref, problem, detail=detail)


def _problem(info):
    """Returns (problem, detail) of a member that is no folder."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return LINK, "a symbolic link, not followed in archives: pack the file itself (zip without -y)"
    if kind not in (0, stat.S_IFREG):
        return "not_a_regular_file", "a device or a pipe"
    if info.flag_bits & _ENCRYPTED:
        return "encrypted", "unpack the archive with its password and give the folder"
    # The rare other methods inflate without a bound.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
        return "zip_method", f"packed with {method}, not with Deflate: unpack it and give the folder"
    return too_large(max(info.file_size, info.compress_size))
