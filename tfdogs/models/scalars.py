"""Numbers and switches that callers give, checked before they are used."""

import numbers
import operator

import numpy as np

# The least that each may be.
_COUNTS = {
    "batch_size": 1,
    "epochs": 0,
    "initial_epoch": 0,
    "steps": 1,
    "steps_per_epoch": 1,
    "validation_steps": 1,
    "validation_batch_size": 1,
    "max_queue_size": 1,
    "workers": 0,
}
_SWITCHES = ("use_multiprocessing", "return_dict", "reset_metrics")


def whole(name, value, least=0):
    """Returns a whole number as an int; a float may be one too, as a quotient is.

    Args:
        name: what it is.
        value: what was given.
        least: the least that it may be.

    Raises:
        ValueError: it is something else, or less.
    """
    number = _whole(value)
    if number is None or number < least:
        raise ValueError(f"{name} must be a whole number of {least} or more. Received: {short(value)}")
    return number


def seed(value):
    """Returns a seed as an int.

    Raises:
        ValueError: it is no whole number in the range of int64.
    """
    number = _whole(value)
    if number is None or not -(2**63) <= number < 2**63:
        raise ValueError(f"seed must be a whole number in the range of int64. Received: {short(value)}")
    return number


def switch(name, value, *others):
    """Raises ValueError where a value is neither a bool nor one of `others`."""
    if not isinstance(value, (bool, np.bool_)) and not any(value is other for other in others):
        raise ValueError(f"{name} must be True or False. Received: {short(value)}")


def check_arguments(given):
    """Makes ints of the numbers among the arguments of Keras' `fit` and `evaluate`, in place.

    Args:
        given: dict from arguments' names to values.

    Raises:
        ValueError: a number is none, or too small; a switch is neither True nor False.
    """
    for name, value in given.items():
        if name in _COUNTS and value is not None:
            given[name] = whole(name, value, _COUNTS[name])
        if name in _SWITCHES:
            switch(name, value)
    split = given.get("validation_split", 0.0)
    if isinstance(split, bool) or not isinstance(split, numbers.Real) or not 0 <= split < 1:
        raise ValueError(f"validation_split must be in [0, 1). Received: {short(split)}")
    often = given.get("validation_freq", 1)
    if isinstance(often, (list, tuple, set, range)):
        given["validation_freq"] = [whole("each of validation_freq", epoch, 1) for epoch in often]
    elif often != 1:
        given["validation_freq"] = whole("validation_freq", often, 1)


def short(value):
    """Returns what a value looks like in a line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _whole(value):
    """Returns a value as an int, or None where it is no whole number."""
    if isinstance(value, (bool, np.bool_, str, bytes)) or np.ndim(value):
        return None
    try:
        return operator.index(value)
    except TypeError:
        pass
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else None
