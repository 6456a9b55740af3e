import json
import math

import pytest

from tfdogs.errors import TfdogsError
from tfdogs.metrics import history


def score(value, error=None, better="lower"):
    return {"value": value, "error": error, "better": better}


@pytest.mark.parametrize(
    "new, old, expected",
    [
        (score(40.0), score(50.0), True),
        (score(50.0), score(50.0), False),
        (score(60.0), score(50.0), False),
        (score(60.0, better="higher"), score(50.0, better="higher"), True),
        (score(44.9, 3.0), score(50.0, 4.0), True),  # the error of the difference is 5
        (score(45.1, 3.0), score(50.0, 4.0), False),
        (score(45.1, 3.0), score(50.0), True),
        (score(math.nan), score(50.0), False),
        (score(50.0), score(math.nan), True),
        (score(None), score(None), False),
    ],
)
def test_better_by_more_than_the_error(new, old, expected):
    assert history.improves(new, old) is expected


def lines(*values, **facts):
    return [{"scores": {"fid": score(value, 1.0)}, "alarms": [], **facts} for value in values]


def test_the_best_is_the_first_that_none_improves_on():
    assert history.best(lines(50, 49, 40, 39, 41), "fid") == 2
    assert history.best(lines(50), "fid") == 0
    assert history.best([], "fid") is None
    assert history.best(lines(50), "kid") is None


def test_what_an_alarm_tells_of_is_not_the_best():
    copies = lines(50) + lines(1, alarms=["it copies"]) + lines(45)
    assert history.best(copies, "fid") == 2
    assert history.best(copies[1:2], "fid") is None


def test_only_comparable_lines_count():
    mixed = lines(10, num_fakes=100) + lines(50, 40, num_fakes=2000)
    assert history.best(mixed, "fid") == 2
    assert history.comparable(mixed[1], mixed[2]) and not history.comparable(mixed[0], mixed[1])


def test_classes_in_turn_do_not_compare_with_the_datas():
    untold, uniform, data = lines(50), lines(60, labels="uniform"), lines(70, labels="data")
    assert history.comparable(*untold, *uniform)  # a run that was begun before lines told it
    assert not history.comparable(*untold, *data) and not history.comparable(*uniform, *data)
    assert history.best(untold + uniform + data, "fid") == 2
    assert history.best(untold + uniform, "fid") == 0


def whole(kimg):
    scores = {"fid": {"title": "FID", **score(40.0)}}
    return {"kimg": kimg, "scores": scores, "alarms": [], "stamp": {}, "num_fakes": 2, "num_reals": 3}


def test_reads_lines_and_leaves_out_one_that_a_kill_cut(tmp_path):
    path = tmp_path / history.FILE_NAME
    assert history.read(path) == []
    path.write_text("".join(json.dumps(whole(kimg)) + "\n" for kimg in (0.0, 1.5)) + '{"kimg": 2.')
    assert history.read(path) == [whole(0.0), whole(1.5)]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "3", "null", '{"kimg": 1}', json.dumps({**whole(0), "scores": {"fid": {}}}), '{"scores": 3}'],
)
def test_a_foreign_line_is_named(tmp_path, text):
    path = tmp_path / history.FILE_NAME
    path.write_text(json.dumps(whole(0.0)) + f"\n{text}\n" + json.dumps(whole(1.0)) + "\n")
    with pytest.raises(TfdogsError, match=r"evaluations\.jsonl: line 2 is not an evaluation"):
        history.read(path)


@pytest.mark.parametrize("seen", [2007, 1001, 64])
def test_until_and_since_are_exact(seen):
    lines = [whole(seen / 1000)]
    assert history.until(seen, lines) == lines and history.until(seen - 1, lines) == []
    assert history.since(seen, lines) == lines and history.since(seen + 1, lines) == []
