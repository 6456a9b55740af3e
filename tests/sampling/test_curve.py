import re

import pytest

from tfdogs.sampling import curve


def points(path):
    return [tuple(map(float, point)) for point in re.findall(r"([\d.]+) ([\d.]+)", path)]


def test_probabilities_are_drawn_from_0_to_100_percent():
    lines = curve.draw([(0, 1.0, 0.0), (50, 0.75, 0.25)], 100, probability=True)
    assert points(lines.reals) == [(0, 0), (50, 25)]
    assert points(lines.fakes) == [(0, 100), (50, 75)]
    assert lines.ticks == ((0.0, "100 %"), (50.0, "50 %"), (100.0, "0 %"))


def test_scores_get_an_axis_that_holds_them():
    lines = curve.draw([(1, 3.0, -1.0), (2, 1.0, 0.0)], 2, probability=False)
    assert points(lines.reals) == [(50, 0), (100, 50)]
    assert points(lines.fakes) == [(50, 100), (100, 75)]
    assert [text for _, text in lines.ticks] == ["3", "1", "-1"]


def test_constant_scores_lie_in_the_middle():
    lines = curve.draw([(1, 2.0, 2.0), (2, 2.0, 2.0)], 2, probability=False)
    assert points(lines.fakes) == [(50, 50), (100, 50)]
    assert [text for _, text in lines.ticks] == ["3", "2", "1"]


def test_many_verdicts_are_averaged():
    verdicts = [(kimg, 0.5 + (-1) ** kimg * 0.1, 0.2) for kimg in range(3000)]
    drawn = points(curve.draw(verdicts, 3000, probability=True).reals)
    assert len(drawn) == 300
    assert all(y == pytest.approx(50) for _, y in drawn)
    assert drawn[0][0] == pytest.approx(0.15) and drawn[-1][0] == pytest.approx(99.82)


@pytest.mark.parametrize("verdicts", [[], [(1, 0.5, 0.5)], [(1, 0.5, 0.5), (2, float("nan"), 0.5)]])
def test_there_is_nothing_to_draw(verdicts):
    assert curve.draw(verdicts, 2, probability=True) is None
