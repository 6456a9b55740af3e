import threading

import pytest

from tfdogs.serving.bounded_pool import BoundedPool
from tfdogs.serving.errors import ServingError


@pytest.fixture
def gate():
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
def pool(gate):
    """One worker, which is busy until the gate opens, and a queue of two."""
    pool, busy = BoundedPool(1, 2), threading.Event()
    pool.submit(lambda: busy.set() or gate.wait(20))
    assert busy.wait(20)
    yield pool
    pool.shutdown()


def refused(pool):
    with pytest.raises(ServingError) as caught:
        pool.submit(int)
    return caught.value.code == "UNAVAILABLE" and "1 requests run and 2 wait" in caught.value.message


def test_what_does_not_fit_is_refused(pool, gate):
    first, second = pool.submit(max, 1, 2), pool.submit(max, 3, 4)
    assert refused(pool) and pool.count == pool.limit == 3
    gate.set()
    assert (first.result(20), second.result(20)) == (2, 4)
    assert pool.submit(max, 5, 6).result(20) == 6


def test_a_call_that_is_taken_back_makes_room(pool):
    pool.submit(int)
    given_up = pool.submit(int)
    assert refused(pool)
    assert given_up.cancel() and pool.count == 2
    pool.submit(int)
    assert refused(pool)


def test_what_a_call_raises_comes_out_and_the_place_is_free(pool, gate):
    failed = pool.submit(int, "no number")
    gate.set()
    with pytest.raises(ValueError, match="invalid literal"):
        failed.result(20)
    for number in range(20):
        assert pool.submit(int, number).result(20) == number


def test_shutting_down_drops_what_waits(pool, gate):
    waiting = pool.submit(int)
    pool.shutdown()
    assert waiting.cancelled() and pool.count == 1


def test_a_place_is_kept_for_a_call_that_is_yet_to_come(pool, gate):
    with pool.reserve() as first, pool.reserve():
        assert refused(pool) and pool.count == 3
        later = first.submit(max, 1, 2)
        with pytest.raises(ValueError, match="one call"):
            first.submit(int)
    assert pool.count == 2  # one runs, one waits: the place that nobody used is free
    with pytest.raises(KeyError), pool.reserve():
        raise KeyError
    assert pool.count == 2
    gate.set()
    assert later.result(20) == 2


def test_a_place_in_a_pool_that_is_shut_down_is_given_back(pool):
    pool.shutdown()
    with pytest.raises(RuntimeError), pool.reserve() as place:
        place.submit(int)
    assert pool.count == 1
