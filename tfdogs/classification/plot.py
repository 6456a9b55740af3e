"""Accuracies as lines of an SVG, several on one axis."""

import math
from html import escape
from typing import NamedTuple

_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)  # between ticks; at most five of them
_MOST_STEPS = 5


class Line(NamedTuple):
    """One line.

    Attributes:
        name: for the legend.
        points: (x, value, low, high), x ascending, the others shares in [0, 1]; low and high bound the band.
        color: CSS colour.
    """

    name: str
    points: tuple
    color: str


def figure(title, lines, *, start, end, unit, bars=False):
    """Returns a `<figure>`: lines over x from `start` to `end`, shares of 1 up to 100 %.

    Args:
        title: plain text.
        lines: `Line`s, at least one, each with a point.
        start: x at the left end.
        end: x at the right end, over `start`.
        unit: text behind the number at the right end of the axis.
        bars: whether low and high are drawn as a bar at each point, not as a band.
    """
    values = [value for line in lines for _, *three in line.points for value in three]
    bottom, ticks = axis(min(values))

    def place(x, share):
        return 100 * (x - start) / (end - start), 100 * (1 - share) / (1 - bottom)

    shapes, dots = [], []
    for line in lines:
        spread, path, marks = _shapes(line, place, bars)
        shapes.append(f'<g style="--line:{line.color}">{spread}{path}</g>')
        dots.append(marks)
    rules = "".join(f"M0 {place(start, tick)[1]:.2f}H100" for tick in ticks)
    labels = "".join(
        f'<span style="top:{place(start, tick)[1]:.2f}%">{100 * tick:.4g} %</span>' for tick in ticks
    )
    legend = "".join(f'<span><i style="--line:{line.color}"></i>{escape(line.name)}</span>' for line in lines)
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>\n"
        f'<div class="plot"><div class="ticks">{labels}</div>\n<div class="area">'
        f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="{escape(title)}">'
        f'<path class="rule" d="{rules}"/>{"".join(shapes)}</svg>{"".join(dots)}</div>\n'
        f'<div class="axis"><span>{start:g}</span><span>{end:,.6g} {escape(unit)}</span></div></div>\n'
        f'<p class="legend">{legend}</p></figure>'
    )


def axis(lowest):
    """Returns where an axis that ends at 1 begins to hold `lowest`, and its ticks, descending."""
    lowest = min(lowest, 1 - _STEPS[0])
    step = next((step for step in _STEPS if (1 - lowest) / step <= _MOST_STEPS + 1e-9), _STEPS[-1])
    count = math.ceil((1 - lowest) / step - 1e-9)
    return 1 - count * step, tuple(round(1 - place * step, 6) for place in range(count + 1))


def _shapes(line, place, bars):
    """Returns the spread, the line, both SVG, and the dots, HTML."""
    middle = [place(x, value) for x, value, _, _ in line.points]
    lows = [place(x, low) for x, _, low, _ in line.points]
    highs = [place(x, high) for x, _, _, high in line.points]
    if bars:
        d = "".join(f"M{x:.2f} {low:.2f}V{high:.2f}" for (x, low), (_, high) in zip(lows, highs))
        spread = f'<path class="bar" d="{d}"/>'
    elif len(middle) > 1 and lows != highs:
        spread = f'<path class="band" d="{_path([*highs, *lows[::-1]])}Z"/>'
    else:
        spread = ""
    path = f'<path class="line" d="{_path(middle)}"/>' if len(middle) > 1 else ""
    dots = "".join(
        f'<i style="left:{x:.2f}%;top:{y:.2f}%;--line:{line.color}" '
        f'title="{escape(line.name)}: {100 * value:.2f} %"></i>'
        for (x, y), (_, value, _, _) in zip(middle, line.points)
    )
    return spread, path, dots


def _path(points):
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)
