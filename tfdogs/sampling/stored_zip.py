"""A zip file written as a stream."""

import struct
import tempfile
import zlib

_STORED = 0
_DATE = (1 << 5) | 1  # 1980-01-01, the first day there is
_UTF8 = 0x800
_UNIX, _MODE = 3, 0o100644 << 16
_PLAIN, _ZIP64 = 20, 45  # versions of the format
_MOST_2, _MOST_4 = 0xFFFF, 0xFFFFFFFF  # these say: look in the zip64 field
_SPOOL_BYTES = 1 << 20
_LOCAL = struct.Struct("<4sHHHHHLLLHH")  # what stands before each file


class StoredZip:
    """Writes files into a zip, uncompressed: equal files give equal bytes, and memory does not grow.

    `zipfile` keeps some 350 bytes an entry until the end; here the directory waits in a temporary file. It is
    PKWARE's APPNOTE 6.3, with the zip64 extension where 4 GiB or 65,535 entries are passed. A context
    manager: the directory is written when the body ends well.

    Args:
        file: binary file, open for writing and empty; it is not closed.

    Attributes:
        entries: how many files are in it.
    """

    def __init__(self, file):
        self._file = file
        self._directory = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115
        self._offset = self.entries = 0

    @classmethod
    def resumed(cls, file):
        """Goes on with a zip of this class that was cut anywhere: what is not whole at its end is removed.

        Args:
            file: binary file, open for reading and writing; it may be empty, and is not closed.
        """
        archive = cls(file)
        file.seek(0)
        while (entry := _read_entry(file)) is not None:
            archive._list(*entry)
            archive._offset = file.tell()
        file.seek(archive._offset)
        file.truncate()
        return archive

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        with self._directory:
            if kind is None:
                self._finish()

    def add(self, name, data):
        """Appends a file.

        Args:
            name: its path in the zip, not yet used.
            data: bytes, less than 4 GiB.

        Raises:
            ValueError: `data` is larger.
        """
        if len(data) >= _MOST_4:
            raise ValueError(f"data must be less than 4 GiB. Received: {len(data)} bytes for {name}")
        name = name.encode("utf-8")
        common = self._list(name, zlib.crc32(data), len(data))
        self._write(struct.pack("<4sH", b"PK\3\4", _PLAIN) + common + struct.pack("<H", 0) + name)
        self._write(data)

    def _list(self, name, crc, size):
        """Adds an entry that begins here to the directory; returns what its two headers have in common."""
        common = struct.pack("<HHHHLLLH", _UTF8, _STORED, 0, _DATE, crc, size, size, len(name))
        far = self._offset >= _MOST_4
        extra = struct.pack("<HHQ", 1, 8, self._offset) if far else b""
        version = _ZIP64 if far else _PLAIN
        self._directory.write(
            struct.pack("<4sHH", b"PK\1\2", _UNIX << 8 | version, version)
            + common
            + struct.pack("<HHHHLL", len(extra), 0, 0, 0, _MODE, min(self._offset, _MOST_4))
            + name
            + extra
        )
        self.entries += 1
        return common

    def _finish(self):
        start = self._offset
        self._directory.seek(0)
        while block := self._directory.read(_SPOOL_BYTES):
            self._write(block)
        size, end, count = self._offset - start, self._offset, self.entries
        if count >= _MOST_2 or start >= _MOST_4 or size >= _MOST_4:
            version = _UNIX << 8 | _ZIP64
            self._write(
                struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, version, _ZIP64, 0, 0, count, count, size, start)
            )
            self._write(struct.pack("<4sLQL", b"PK\6\7", 0, end, 1))
        few, size, start = min(count, _MOST_2), min(size, _MOST_4), min(start, _MOST_4)
        self._write(struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, few, few, size, start, 0))

    def _write(self, data):
        self._file.write(data)
        self._offset += len(data)


def _read_entry(file):
    """Returns (name, CRC, size) of the next file in a zip of ours, or None where it is not whole."""
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        return None
    start, _, flags, method, _, _, crc, size, _, name_size, extra_size = _LOCAL.unpack(header)
    if (start, flags, method, extra_size) != (b"PK\3\4", _UTF8, _STORED, 0):
        return None
    name, data = file.read(name_size), file.read(size)
    return (name, crc, size) if len(data) == size and zlib.crc32(data) == crc else None
