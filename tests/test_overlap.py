"""Work in threads."""

import threading

import pytest

from tfdogs.overlap import overlap


def test_results_come_in_order():
    assert list(overlap(lambda x: x * x, range(50), threads=3, ahead=7)) == [x * x for x in range(50)]
    assert list(overlap(str, [], threads=2, ahead=2)) == []


def test_no_more_is_taken_than_allowed():
    taken = []
    results = overlap(lambda x: x, (taken.append(x) or x for x in range(100)), threads=2, ahead=4)
    assert next(results) == 0 and len(taken) == 4
    results.close()
    assert len(taken) == 4


def test_an_error_comes_in_its_turn_and_nothing_runs_on():
    before = threading.active_count()

    def fail(x):
        if x == 3:
            raise ValueError(f"no {x}")
        return x

    results = overlap(fail, range(100), threads=2, ahead=4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="no 3"):
        next(results)
    assert threading.active_count() == before
