"""Names of files and classes: how they are compared, and how they are shown."""

import unicodedata


def normalized(name):
    """Returns a name in Unicode's form NFC, in which names are compared.

    macOS takes "é" apart into a letter and an accent (NFD) where other systems write one character.
    """
    return unicodedata.normalize("NFC", name)


def printable(text, most=80):
    """Returns text without control characters and surrogates, its middle left out where it is long."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return text if len(text) <= most else f"{text[: most // 2]}...{text[-most // 2 + 3 :]}"
