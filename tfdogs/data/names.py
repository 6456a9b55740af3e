"""Names of files and classes: how they are compared, and how they are shown."""

import re
import struct
import unicodedata
import zlib

_BYTES = re.compile("[\udc80-\udcff]")
_ZIP_UTF8, _ZIP_UNICODE_PATH = 0x800, 0x7075  # bit of a member's flags, id of an extra field


def normalized(name):
    """Returns a name in Unicode's form NFC, in which names are compared.

    macOS takes "é" apart into a letter and an accent (NFD) where other systems write one character.
    """
    return unicodedata.normalize("NFC", name)


def readable(name):
    """Returns a file's name, in which bytes that are no UTF-8 are written as "\\xe9"."""
    return _BYTES.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", name)


def class_name_of(name):
    """Returns the name of a class: a folder's, `readable` and in NFC.

    Class names go into files and models of which all text is UTF-8.
    """
    return normalized(readable(name))


def zip_name(info):
    """Returns the name of a zip archive's member as its packer meant it, and whether that is certain.

    Names that are not marked as UTF-8 are so nevertheless where they are valid UTF-8 (the Finder of macOS
    marks none), or where Info-ZIP's extra field repeats them in UTF-8; the rest is taken for code page 437,
    as the standard says, but may be in that of the computer that packed it.

    Args:
        info: `zipfile.ZipInfo`.
    """
    # Not info.filename, which zipfile cuts at the first NUL: what stands in the archive must be judged.
    name = info.orig_filename
    if info.flag_bits & _ZIP_UTF8:
        return name, True
    raw = name.encode("cp437")
    try:
        return (_unicode_path(info.extra, raw) or raw).decode("utf-8"), True
    except UnicodeDecodeError:
        return name, False


def _unicode_path(extra, raw):
    """Returns what Info-ZIP's field 0x7075 says of the name `raw`, None where it is missing or of another."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _ZIP_UNICODE_PATH and field[:5] == struct.pack("<BI", 1, zlib.crc32(raw)):
            return field[5:]
    return None


def printable(text, most=80):
    """Returns text without control characters and surrogates, its middle left out where it is long."""
    text = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in readable(text)
    )
    return text if len(text) <= most else f"{text[: most // 2]}...{text[-most // 2 + 3 :]}"
