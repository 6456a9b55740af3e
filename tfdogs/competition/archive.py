"""A zip that nobody vouches for: listed within bounds, read in place, never unpacked to the disk."""

import io
import stat
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

from tfdogs.data.sources.tree import clean_path, read_at
from tfdogs.data.sources.zip import BROKEN, LOCAL_HEADER
from tfdogs.errors import TfdogsError

MAX_FILE_BYTES = 16 * 2**20  # packed or unpacked; a PNG of 64x64 has 12 KiB at most
# A PNG is packed already: what packs this well again, and is not small, is a bomb.
MAX_RATIO = 50
_SMALL_BYTES = 64 * 2**10
# Of the zip's directory, which zipfile reads at once: 1 KiB a file that was asked for, and somewhat more.
_DIRECTORY_BYTES_A_FILE, _DIRECTORY_BYTES = 2**10, 2**20
_ENCRYPTED, _UTF8 = 0x1 | 0x40 | 0x2000, 0x800


class Member(NamedTuple):
    """One file or folder of a zip.

    Attributes:
        name: its path as it stands in the zip, a NUL written out.
        folder: whether it is a folder.
        problem: why it must not be read, or "".
        info: the directory's `zipfile.ZipInfo`.
    """

    name: str
    folder: bool
    problem: str
    info: zipfile.ZipInfo


class Archive:
    """The members of a zip, in the order of its directory.

    Memory grows by some 600 bytes a member, of which there can be no more than 25 for each expected one.

    Args:
        path: the file.
        expected: how many members it should have.

    Attributes:
        path: as given, a `Path`.
        size: of the file, in bytes.
        members: list of `Member`.

    Raises:
        TfdogsError: it is no zip, it is truncated or corrupt, or its directory is out of all proportion.
        OSError: it cannot be read.
    """

    def __init__(self, path, *, expected):
        self.path = Path(path)
        most = expected * _DIRECTORY_BYTES_A_FILE + _DIRECTORY_BYTES
        with _Sparing(io.FileIO(self.path), most) as file:
            self.size = file.seek(0, io.SEEK_END)
            try:
                with zipfile.ZipFile(file) as archive:
                    infos = archive.infolist()
            except BROKEN as e:
                raise TfdogsError(f"no usable zip: {' '.join(str(e).split())}") from e
        overlapping = _overlapping(infos)
        self.members = [_member(info, info.header_offset in overlapping) for info in infos]

    def load(self, member):
        """Returns a file's bytes.

        Args:
            member: one of `members` that is no folder and has no problem.

        Raises:
            ValueError: the file is not what the directory says; one clause.
        """
        info, encoding = member.info, "utf-8" if member.info.flag_bits & _UTF8 else "cp437"
        name = info.orig_filename.encode(encoding)
        try:
            header = read_at(self.path, info.header_offset, LOCAL_HEADER.size + len(name))
            fields = LOCAL_HEADER.unpack_from(header)
            magic, flags, method, name_bytes, extra_bytes = (fields[i] for i in (0, 2, 3, 9, 10))
            same = header[LOCAL_HEADER.size :] == name and name_bytes == len(name)
            if magic != b"PK\x03\x04" or not same or flags & _ENCRYPTED or method != info.compress_type:
                raise ValueError("its own header is not what the directory says")
            data = read_at(self.path, info.header_offset + len(header) + extra_bytes, info.compress_size)
        except OSError as e:
            raise ValueError("the zip ends within it") from e
        if info.compress_type == zipfile.ZIP_DEFLATED:
            data = _inflate(data, info.file_size)
        if zlib.crc32(data) != info.CRC:
            raise ValueError("wrong checksum")
        return data


class _Sparing(io.BufferedReader):
    """A file that refuses to be read in pieces of over `most` bytes, which is what a lying size asks for."""

    def __init__(self, file, most):
        super().__init__(file)
        self._most = most

    def read(self, size=-1):
        if size > self._most:
            raise ValueError(f"its directory has {size:,} bytes, at most {self._most:,} are sane")
        return super().read(size if size >= 0 else self._most)


def _member(info, overlaps):
    name, unsafe, _ = clean_path(info.orig_filename)
    # What stands in the zip is judged, not what `clean_path` or zipfile, which cuts at a NUL, make of it.
    name = name if unsafe else info.orig_filename
    return Member(name, name.endswith("/"), _problem(info, unsafe, overlaps), info)


def _problem(info, unsafe, overlaps):
    if unsafe:
        return "an unsafe path"
    kind = stat.S_IFDIR if info.is_dir() else stat.S_IFREG
    if stat.S_IFMT(info.external_attr >> 16) not in (0, kind):
        return "a link or a device"
    if info.flag_bits & _ENCRYPTED:
        return "encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"packed by method {info.compress_type}, legal are 0 (stored) and 8 (deflated)"
    if max(info.file_size, info.compress_size) > MAX_FILE_BYTES:
        return f"{max(info.file_size, info.compress_size):,} bytes, legal are {MAX_FILE_BYTES:,}"
    if info.file_size > max(_SMALL_BYTES, MAX_RATIO * info.compress_size):
        return f"a bomb: {info.compress_size:,} bytes that unpack to {info.file_size:,}"
    if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
        return f"two sizes, {info.compress_size:,} and {info.file_size:,} bytes"
    return "overlaps another file" if overlaps else ""


def _overlapping(infos):
    """Returns the offsets of members that share bytes with the one before them, as in bombs of one kernel."""
    found, end = set(), 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            found.add(info.header_offset)
        size = LOCAL_HEADER.size + len(info.orig_filename) + info.compress_size
        end = max(end, info.header_offset + size)
    return found


def _inflate(data, size):
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        unpacked = inflate.decompress(data, size + 1)
    except zlib.error as e:
        raise ValueError("cannot be unpacked") from e
    if len(unpacked) != size or not inflate.eof or inflate.unused_data:
        raise ValueError(f"does not unpack to the {size:,} bytes that the directory says")
    return unpacked
