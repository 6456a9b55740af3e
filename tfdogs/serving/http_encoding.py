"""Answers in gzip, for those who ask for it and where it pays."""

import gzip

_LEAST = 1024  # bytes that are worth it
_PROBE = 2**16  # bytes that show whether it pays
_SHARE = 0.7  # of the bytes that may be left: pictures in base64 would keep more, at much work
_FAST, _SMALL = 1, 9  # levels: each time anew, and once


def accepts_gzip(header):
    """Says whether the sender of an `Accept-Encoding` wants gzip rather than no encoding.

    Args:
        header: the field's value, or None where there is none.
    """
    weights = {}
    for part in (header or "").split(","):
        name, *parameters = (text.strip().lower() for text in part.split(";"))
        weights[{"x-gzip": "gzip"}.get(name, name)] = _weight(parameters)
    others = weights.get("*", 0.0)  # no encoding among them
    return 0.0 < weights.get("gzip", others) >= weights.get("identity", others)


def _weight(parameters):
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def packed(data, *, once=False):
    """Returns bytes in gzip, or None where that saves too little.

    Args:
        data: bytes.
        once: True for what is packed once and sent often. Default False.
    """
    if len(data) < _LEAST:
        return None
    probe = gzip.compress(data[:_PROBE], _FAST, mtime=0)
    if len(probe) > _SHARE * min(len(data), _PROBE):
        return None
    return (
        probe if len(data) <= _PROBE and not once else gzip.compress(data, _SMALL if once else _FAST, mtime=0)
    )
