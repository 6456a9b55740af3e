import re

import pytest

from tfdogs.classification.plot import Line, axis, figure


@pytest.mark.parametrize(
    ("lowest", "bottom", "ticks"),
    [(0.5, 0.5, 6), (0.93, 0.92, 5), (0.996, 0.996, 5), (1.0, 0.999, 2), (0.0, 0.0, 6), (0.47, 0.4, 4)],
)
def test_the_axis_ends_at_one_and_holds_the_lowest(lowest, bottom, ticks):
    found, marks = axis(lowest)
    assert found == pytest.approx(bottom) and len(marks) == ticks
    assert marks[0] == 1 and marks[-1] == pytest.approx(bottom) and list(marks) == sorted(marks)[::-1]


def test_values_lie_where_they_belong():
    line = Line("<a>", ((0.0, 0.5, 0.5, 0.6), (10.0, 1.0, 0.9, 1.0)), "red")
    html = figure("<title>", [line], start=0, end=10, unit="epochs")
    assert 'class="line" d="M0.00 100.00L100.00 0.00"' in html
    assert 'class="band" d="M0.00 80.00L100.00 0.00L100.00 20.00L0.00 100.00Z"' in html
    assert "left:100.00%;top:0.00%" in html and "&lt;a&gt;: 100.00 %" in html and "<a>" not in html
    assert re.findall(r">(\d+) %</span>", html) == ["100", "90", "80", "70", "60", "50"]
    bars = figure("t", [line], start=0, end=10, unit="", bars=True)
    assert 'class="bar" d="M0.00 100.00V80.00M100.00 20.00V0.00"' in bars


def test_a_single_point_is_a_dot():
    html = figure("t", [Line("a", ((1.0, 0.9, 0.9, 0.9),), "red")], start=0, end=2, unit="")
    assert 'class="line"' not in html and 'class="band"' not in html and "left:50.00%" in html
