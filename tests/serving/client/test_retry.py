"""Tries, pauses and deadlines, by a clock that tests turn."""

import pytest

from tfdogs.errors import UsageError
from tfdogs.serving.client.retry import Retry
from tfdogs.serving.errors import ServingError


class Clock:
    """A clock that only sleeping and working turn."""

    def __init__(self):
        self.now, self.pauses, self.left = 1000.0, [], []

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds

    def attempt(self, *codes, takes=0.0):
        """Returns an attempt that fails with these codes, then works."""
        codes = list(codes)

        def attempt(left):
            self.left.append(left)
            self.now += takes
            if codes:
                code = codes.pop(0)
                raise ServingError(code, f"number {len(self.left)}")
            return "done"

        return attempt


@pytest.fixture
def clock():
    return Clock()


def make(clock, deadline=10.0, retries=3):
    return Retry(deadline, retries, sleep=clock.sleep, clock=clock.time)


def test_what_works_is_not_tried_again(clock):
    assert make(clock)(clock.attempt()) == "done"
    assert clock.left == [10.0] and clock.pauses == []


def test_a_busy_server_is_tried_again_after_growing_pauses(clock):
    attempt = clock.attempt("UNAVAILABLE", "RESOURCE_EXHAUSTED", "UNAVAILABLE", takes=0.5)
    assert make(clock)(attempt) == "done"
    for pause, most in zip(clock.pauses, (0.1, 0.2, 0.4)):
        assert most / 2 <= pause <= most
    spent = [0.5 * i + sum(clock.pauses[:i]) for i in range(4)]
    assert clock.left == pytest.approx([10 - seconds for seconds in spent])


def test_pauses_are_jittered(clock):
    pauses = set()
    for _ in range(5):
        make(clock)(clock.attempt("UNAVAILABLE"))
        pauses.add(clock.pauses.pop())
    assert len(pauses) > 1


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_the_last_error_comes_out_when_tries_run_out(clock, retries):
    with pytest.raises(ServingError, match=f"UNAVAILABLE: number {retries + 1}$"):
        make(clock, retries=retries)(clock.attempt(*["UNAVAILABLE"] * 9))
    assert len(clock.left) == retries + 1 and len(clock.pauses) == retries


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "NOT_FOUND", "INTERNAL", "DEADLINE_EXCEEDED"])
def test_what_would_fail_again_is_not_tried_again(clock, code):
    with pytest.raises(ServingError, match=code):
        make(clock)(clock.attempt(code))
    assert len(clock.left) == 1


def test_no_pause_reaches_beyond_the_deadline(clock):
    with pytest.raises(ServingError, match="number 2"):
        make(clock, deadline=1.0, retries=50)(clock.attempt(*["UNAVAILABLE"] * 99, takes=0.45))
    assert clock.now <= 1001.0 and len(clock.left) == 2


def test_other_errors_are_not_its_business(clock):
    def attempt(left):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make(clock)(attempt)


@pytest.mark.parametrize(
    ("deadline", "retries"), [(0, 3), (-1, 3), (float("nan"), 3), (float("inf"), 3), ("1", 3), (None, 3)]
)
def test_illegal_deadlines(deadline, retries):
    with pytest.raises(UsageError, match=r"deadline must be over 0 seconds. Received: "):
        Retry(deadline, retries)


@pytest.mark.parametrize("retries", [-1, 1.5, "1", True])
def test_illegal_numbers_of_tries(retries):
    with pytest.raises(UsageError, match=r"retries must be a whole number of 0 or more. Received: "):
        Retry(1.0, retries)
