"""A score over kimg as the lines of an SVG."""

import math
from typing import NamedTuple

import numpy as np

_WIDE = 8.0  # largest over smallest value from which a logarithmic axis shows more
_FAR = 20.0  # a mark further from the values than this factor leaves them too little of a logarithmic axis
_TICKS = 7  # most on an axis


class Chart(NamedTuple):
    """A curve in a square of 100 by 100 units, y downwards.

    Attributes:
        line: SVG path through the values; "" for a single one.
        band: SVG path round one standard error to both sides; "" where there is none.
        dots: (x, y) of each value.
        ticks: (y, text) of the vertical axis, from top to bottom.
        marks: (y, text, left) of the horizontal lines, as given; `left` tells at which end the text keeps
            clear of the curve.
        logarithmic: whether the vertical axis is.
    """

    line: str
    band: str
    dots: tuple
    ticks: tuple
    marks: tuple
    logarithmic: bool


def draw(points, last_kimg, *, marks=(), distance=False):
    """Draws a score from kimg 0, at the left, to `last_kimg`, at the right.

    The vertical axis holds all values with their errors and all marks, and ends at round numbers.

    Args:
        points: sequence of (kimg, value, error or None), finite, kimg ascending, at least one.
        last_kimg: right end of the horizontal axis, over 0.
        marks: sequence of (text, value), finite, each a horizontal line.
        distance: whether the score is a distance that is to become small. Its axis is logarithmic where its
            largest value is over eight times the smallest: from 400 to 40 would hide how it goes on.

    Returns:
        `Chart`.
    """
    kimg, values, errors = np.array([(k, v, e or 0.0) for k, v, e in points], np.float64).T
    levels = np.array([value for _, value in marks], np.float64)
    low, high = values - errors, values + errors
    low = np.where(values >= 0, np.maximum(low, 0), low)  # few scores can be negative, and none looks it
    logarithmic = distance and _is_wide(values, levels)
    if logarithmic:
        low = np.maximum(low, 0.5 * values)  # an error bar down to 0 would have no end
    held = np.concatenate([low, high, levels])
    ticks = (_powers if logarithmic else _steps)(held.min(), held.max())
    scale = np.log if logarithmic else np.asarray
    bottom, top = scale(ticks[0]), scale(ticks[-1])
    x = np.clip(100 * kimg / last_kimg, 0, 100)

    def y(values):
        return 100 * (top - scale(values)) / (top - bottom)

    band = ""
    if len(points) > 1 and errors.any():
        there_and_back = np.concatenate([x, x[::-1]]), np.concatenate([y(high), y(low)[::-1]])
        band = _path(*there_and_back) + "Z"
    return Chart(
        line=_path(x, y(values)) if len(points) > 1 else "",
        band=band,
        dots=tuple(zip(x.tolist(), y(values).tolist())),
        ticks=tuple((float(y(tick)), f"{tick:.6g}") for tick in ticks[::-1]),
        marks=tuple((float(y(value)), text, _is_left_free(x, y(values), y(value))) for text, value in marks),
        logarithmic=logarithmic,
    )


def _path(x, y):
    return "M" + "L".join(f"{a:.2f} {b:.2f}" for a, b in zip(x, y))


def _is_wide(values, levels):
    if not values.min() > 0 or values.max() / values.min() <= _WIDE:
        return False
    return bool((levels > values.min() / _FAR).all() and (levels < values.max() * _FAR).all())


def _is_left_free(x, y, level):
    """Tells whether the curve keeps further away from a level at the left end than at the right."""
    left, right = (np.abs(y[part] - level).min(initial=100.0) for part in (x < 40, x > 60))
    return bool(left > right)


def _steps(low, high):
    """Returns three to six round numbers at equal steps, from at most `low` to at least `high`."""
    if not high > low:
        low, high = low - abs(low) / 10 - 1e-3, high + abs(high) / 10 + 1e-3
    step = 10.0 ** math.floor(math.log10((high - low) / 2))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if (high - low) / (step * factor) <= 4)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def _powers(low, high):
    """Returns round numbers at about equal factors, from at most `low` to at least `high`, both over 0."""
    for factors in ((1, 2, 5), (1, 3), (1,)):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        numbers = [factor * 10.0**power for power in powers for factor in factors]
        first = max(i for i, number in enumerate(numbers) if number <= low * (1 + 1e-9))
        last = min(i for i, number in enumerate(numbers) if number >= high * (1 - 1e-9))
        if last - first < _TICKS:
            return numbers[first : last + 1]
    stride = math.ceil((last - first) / (_TICKS - 1))  # more powers of ten than there is room for
    return [numbers[first] * 10.0 ** (stride * i) for i in range(math.ceil((last - first) / stride) + 1)]
