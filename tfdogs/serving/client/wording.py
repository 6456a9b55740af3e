"""What servers and people write, made fit to be shown."""

import re

# As TensorFlow words a failed assertion of a graph; its text is escaped as in C, byte by byte.
_ASSERTED = re.compile(r"assertion failed: \[(.*?)\]\s*(?:\[\[|$)", re.DOTALL)
_ESCAPED = re.compile(r"((?:\\[0-7]{3})+)|\\(.)", re.DOTALL)


def sentence(text):
    """Returns what a server says in one line; of a graph's failed assertion its sentence alone.

    TensorFlow Serving wraps it: "assertion failed: [seed must be ...] [[{{node assert}}]]".
    """
    asserted = _ASSERTED.search(text)
    if asserted:
        text = _ESCAPED.sub(_unescape, asserted[1])
    return " ".join(text.split())[:1000]


def without_password(target):
    """Returns a URL whose user and password are not legible."""
    return re.sub(r"//.*@", "//***@", str(target), flags=re.DOTALL)


def _unescape(found):
    octal, char = found.groups()
    if octal:
        return bytes(int(byte, 8) & 255 for byte in octal.split("\\")[1:]).decode("utf-8", "replace")
    return " " if char in "nrt" else char
