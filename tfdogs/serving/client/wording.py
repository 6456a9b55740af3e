"""What servers and people write, made fit to be shown."""

import re

from tfdogs.serving.c_escapes import unescape

# As TensorFlow words a failed assertion of a graph; its text is escaped as in C, byte by byte.
_ASSERTED = re.compile(r"assertion failed: \[(.*?)\]\s*(?:\[\[|$)", re.DOTALL)


def sentence(text):
    """Returns what a server says in one line; of a graph's failed assertion its sentence alone.

    TensorFlow Serving wraps it: "assertion failed: [seed must be ...] [[{{node assert}}]]".
    """
    asserted = _ASSERTED.search(text)
    if asserted:
        text = unescape(asserted[1])
    return " ".join(text.split())[:1000]


def without_password(target):
    """Returns a URL whose user and password are not legible."""
    return re.sub(r"//.*@", "//***@", str(target), flags=re.DOTALL)
