"""Flags from files, in the encodings that editors and shells write."""

import codecs
import re
from pathlib import Path

from tfdogs.errors import UsageError, with_path

_NAME = "flagfile"
_DIRECTIVE = re.compile(rf"--?{_NAME}(=(?P<path>.*))?", re.DOTALL)
_LINES = re.compile(r"\r\n?|\n")  # as files have them; str.splitlines breaks names at rarer letters, too
# As Windows PowerShell's > and Notepad write them; the longer marks first, for the others begin them.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def expand(arguments):
    """Puts the lines of the files that `--flagfile=FILE` names in its place, as absl does.

    Lines are flags; empty ones and those that begin with # or // are left out, and a file may name others.
    Files are UTF-8, or UTF-16 or UTF-32 with a byte order mark.

    Args:
        arguments: list of str, without the program's name.

    Returns:
        List of str.

    Raises:
        UsageError: a file cannot be read, is in another encoding, or names itself; names it and the line.
    """
    arguments, expanded = list(arguments), []
    while arguments:
        argument = arguments.pop(0)
        match = _DIRECTIVE.fullmatch(argument)
        if argument == "--":
            return [*expanded, argument, *arguments]
        if match is None:
            expanded.append(argument)
            continue
        path = match["path"]
        if path is None:
            if not arguments:
                raise UsageError(f"--{_NAME} needs a file: --{_NAME}=FILE")
            path = arguments.pop(0)
        expanded += _lines(path, ())
    return expanded


def _lines(text, outer):
    """Returns the flags of a file; `outer` are the files in which it was named."""
    if not text.strip():
        return []
    path = Path(text.strip()).expanduser()
    if path.absolute() in outer:
        raise UsageError(f"--{_NAME}={path} names itself, by way of {outer[-1]}")
    flags = []
    for line in _LINES.split(_read(path)):
        match = _DIRECTIVE.match(line)
        if match and match["path"] is not None:
            flags += _lines(match["path"], (*outer, path.absolute()))
        elif line.strip() and not line.startswith(("#", "//")):
            flags.append(line.strip())
    return flags


def _read(path):
    try:
        data = path.read_bytes()
    except OSError as e:
        raise UsageError(f"--{_NAME} cannot be read: {with_path(e)}") from e
    mark, encoding = next((pair for pair in _MARKS if data.startswith(pair[0])), (b"", "utf-8"))
    data = data[len(mark) :]
    if encoding == "utf-8" and b"\0" in data:  # UTF-16 without a mark, or no text at all
        raise UsageError(f"--{_NAME}={path} must be UTF-8 text, and it has zero bytes. Save it as UTF-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as e:
        line, byte = data.count(b"\n", 0, e.start) + 1, data[e.start]
        raise UsageError(
            f"--{_NAME}={path} must be UTF-8 (or UTF-16 with a byte order mark), and is not: line {line} has "
            f"the byte 0x{byte:02x}. Save it as UTF-8"
        ) from e
    return text
