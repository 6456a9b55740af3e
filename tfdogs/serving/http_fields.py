"""Fields of a request's head: they may stand in several lines, and hold any bytes."""

_SHOWN = 200  # characters of a field in an error


def field(headers, name):
    """Returns a field's value, with commas between its lines where it has several; None where there is none.

    Args:
        headers: `multidict.CIMultiDict`.
        name: the field's name.
    """
    lines = headers.getall(name, None)
    return None if lines is None else ", ".join(lines)


def shown(value):
    """Returns what a client sent as an error may quote it: with an end, and U+FFFD for what is no UTF-8."""
    text = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
