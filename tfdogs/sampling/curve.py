"""The discriminator's verdict over time, as lines of an SVG."""

import math
from typing import NamedTuple

import numpy as np

_POINTS = 300  # most points of a line: a page is no wider


class Curve(NamedTuple):
    """Two lines in a square of 100 by 100 units, y downwards.

    Attributes:
        reals: SVG path of the verdict on reals.
        fakes: SVG path of the verdict on fakes.
        ticks: (y, text) of the vertical axis.
    """

    reals: str
    fakes: str
    ticks: tuple


def draw(verdicts, last_kimg, *, probability):
    """Draws the verdicts from kimg 0, at the left, to `last_kimg`, at the right.

    Args:
        verdicts: sequence of (kimg, d_real, d_fake); of more than 300, neighbours are averaged.
        last_kimg: right end of the horizontal axis, over 0.
        probability: whether verdicts are probabilities, on an axis from 0 to 100 %; other scores get an
            axis that just holds them.

    Returns:
        `Curve`, or None where there are fewer than two finite verdicts.
    """
    values = np.asarray(verdicts, np.float64).reshape(-1, 3)
    values = values[np.isfinite(values).all(axis=1)]
    if len(values) < 2:
        return None
    parts = np.array_split(values, min(len(values), _POINTS))
    kimg, real, fake = np.array([part.mean(axis=0) for part in parts]).T
    low, high = (0.0, 1.0) if probability else (min(real.min(), fake.min()), max(real.max(), fake.max()))
    if not high > low:
        low, high = low - 1.0, high + 1.0

    def path(scores):
        x = np.clip(100 * kimg / last_kimg, 0, 100)
        y = np.clip(100 * (high - scores) / (high - low), 0, 100)
        return "M" + "L".join(f"{a:.2f} {b:.2f}" for a, b in zip(x, y))

    if probability:
        ticks = ((0.0, "100 %"), (50.0, "50 %"), (100.0, "0 %"))
    else:
        ticks = tuple((y, _short(high + (low - high) * y / 100)) for y in (0.0, 50.0, 100.0))
    return Curve(path(real), path(fake), ticks)


def _short(value):
    """Returns a number in three digits, without a sign on zero."""
    return f"{0.0 if math.isclose(value, 0, abs_tol=1e-9) else value:.3g}"
