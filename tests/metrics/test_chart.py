import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfdogs.metrics import chart


def numbers(path):
    return np.array([float(number) for number in re.findall(r"-?[\d.]+", path)]).reshape(-1, 2)


def levels(drawn):
    return [text for _, text in drawn.ticks]


def test_a_line_from_left_to_right():
    drawn = chart.draw([(0, 1.0, None), (50, 3.0, None), (100, 2.0, None)], 200)
    np.testing.assert_allclose(numbers(drawn.line), [[0, 100], [25, 0], [50, 50]])
    np.testing.assert_allclose(drawn.dots, [[0, 100], [25, 0], [50, 50]])
    assert levels(drawn) == ["3", "2", "1"]
    assert [y for y, _ in drawn.ticks] == [0, 50, 100]
    assert drawn.band == "" and drawn.marks == () and not drawn.logarithmic


def test_a_band_of_one_error_to_both_sides():
    drawn = chart.draw([(0, 2.0, 1.0), (10, 2.0, None), (20, 3.0, 0.5)], 20)
    assert levels(drawn) == ["4", "3", "2", "1"]
    assert drawn.band.startswith("M") and drawn.band.endswith("Z")
    y = 100 * (4 - numbers(drawn.band)[:, 1] / 100 * 3)
    np.testing.assert_allclose(numbers(drawn.band)[:, 0], [0, 50, 100, 100, 50, 0])
    np.testing.assert_allclose(y / 100, [3, 2, 3.5, 2.5, 2, 1], atol=1e-3)


def test_an_error_does_not_draw_a_score_below_zero():
    assert levels(chart.draw([(0, 0.1, 0.3), (1, 0.8, None)], 1))[-1] == "0"
    assert levels(chart.draw([(0, -0.1, 0.3), (1, 0.8, None)], 1))[-1] == "-0.5"


def test_marks_are_held_and_their_text_keeps_clear_of_the_curve():
    drawn = chart.draw([(0, 90.0, None), (100, 10.0, None)], 100, marks=[("floor", 5.0), ("cats", 80.0)])
    (floor, floor_text, floor_left), (cats, cats_text, cats_left) = drawn.marks
    assert (floor_text, cats_text) == ("floor", "cats") and 0 < cats < floor < 100
    assert floor_left and not cats_left


def test_a_distance_that_falls_far_gets_a_logarithmic_axis():
    points = [(0, 400.0, 1.0), (50, 60.0, 1.0), (100, 40.0, 39.9)]
    drawn = chart.draw(points, 100, distance=True)
    assert drawn.logarithmic and levels(drawn) == ["500", "200", "100", "50", "20"]
    y = dict(zip(levels(drawn), (y for y, _ in drawn.ticks)))
    assert y["100"] - y["200"] == pytest.approx(y["50"] - y["100"])
    assert numbers(drawn.band)[:, 1].max() <= 100
    assert not chart.draw(points, 100).logarithmic
    assert not chart.draw([(0, 200.0, None), (1, 40.0, None)], 1, distance=True).logarithmic
    assert not chart.draw([(0, 400.0, None), (1, 0.0, None)], 1, distance=True).logarithmic


@pytest.mark.parametrize("level, expected", [(4.0, True), (1.0, False), (0.0, False), (1e5, False)])
def test_a_mark_far_away_keeps_the_axis_linear(level, expected):
    points = [(0, 400.0, None), (1, 40.0, None)]
    assert chart.draw(points, 1, marks=[("m", level)], distance=True).logarithmic is expected


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e-9, 1e9])
def test_a_level_curve_and_a_single_point(value):
    for points in ([(0, value, None), (9, value, None)], [(0, value, 0.0)]):
        drawn = chart.draw(points, 9)
        assert all(0 <= y <= 100 for _, y in drawn.dots)
    assert drawn.line == ""


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(1e-6, 1e6), st.floats(0, 1e5)), min_size=2, max_size=9),
    st.lists(st.floats(-1e3, 1e6), max_size=2),
    st.booleans(),
)
@example([(1e5, 1.0), (1e-6, 1.0)], [], True)  # eleven powers of ten
def test_everything_is_inside_and_ticks_are_few_and_apart(points, marks, distance):
    drawn = chart.draw(
        [(kimg, value, error) for kimg, (value, error) in enumerate(points)],
        len(points) - 1,
        marks=[("m", mark) for mark in marks],
        distance=distance,
    )
    inside = [*np.ravel(drawn.dots), *(y for y, _, _ in drawn.marks)]
    if drawn.band:
        inside += list(np.ravel(numbers(drawn.band)))
    assert min(inside) >= -0.011 and max(inside) <= 100.011
    places = [y for y, _ in drawn.ticks]
    assert places[0] == 0 and places[-1] == pytest.approx(100) and 2 <= len(places) <= 13
    assert len(set(levels(drawn))) == len(places) and np.diff(places).min() > 5
