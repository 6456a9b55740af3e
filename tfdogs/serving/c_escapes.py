"""The way TensorFlow quotes strings in the text of a failed assertion."""

import re

_ESCAPED = re.compile(r"((?:\\[0-7]{3})+)|\\(.)", re.DOTALL)


def unescape(text):
    """Returns a text without C's escapes, of which bytes beyond ASCII have one each, in octal.

    Line breaks and tabs become spaces.
    """
    return _ESCAPED.sub(_plain, text)


def _plain(found):
    octal, char = found.groups()
    if octal:
        return bytes(int(byte, 8) & 255 for byte in octal.split("\\")[1:]).decode("utf-8", "replace")
    return " " if char in "nrt" else char
