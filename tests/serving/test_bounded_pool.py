import threading

import numpy as np
import pytest

from tfdogs.serving.bounded_pool import BoundedPool
from tfdogs.serving.errors import ServingError
from tfdogs.serving.rows import Rows


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


def test_a_call_that_is_given_up_while_a_worker_reads_it_keeps_its_place(gate):
    pool, busy, gone = BoundedPool(1, 2), threading.Event(), threading.Event()
    given_up = pool.submit(lambda: busy.set() or gate.wait(20))
    assert busy.wait(20)
    assert given_up.cancel() and pool.count == 1  # a server that stops has one to cut off
    waiting = [pool.submit(int), pool.submit(gone.set)]
    assert refused(pool)
    gate.set()
    assert gone.wait(20) and waiting[0].result(20) == 0
    assert waiting[1].result(20) is None and pool.submit(int).result(20) == 0
    pool.shutdown()


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


def test_a_pool_that_is_shut_down_takes_nothing(pool):
    pool.shutdown()
    with pytest.raises(RuntimeError):
        pool.submit(int)
    assert pool.count == 1


class Network:
    """Adds 1 to rows, notes them, and waits for a gate where there is a 13 among them."""

    def __init__(self, gate):
        self.gate, self.begun, self.runs = gate, threading.Semaphore(0), []

    def run(self, inputs):
        x = inputs["x"]
        self.runs.append(x.tolist())
        self.begun.release()
        if 13 in x:
            assert self.gate.wait(20)
        if -1 in x:
            raise ValueError(f"-1 in row {x.tolist().index(-1)}")
        return {"x": x + 1}

    def rows(self, *numbers, key="network"):
        options = {"run": self.run, "finish": lambda outputs: outputs["x"].tolist()}
        return Rows(key=key, count=len(numbers), most=4, inputs={"x": np.array(numbers)}, **options)


@pytest.fixture
def network(gate):
    return Network(gate)


@pytest.fixture
def shared(network):
    """A pool of two workers, one of which runs the network."""
    pool = BoundedPool(2, 20)
    pool.first = pool.submit(network.rows, 13)
    assert network.begun.acquire(timeout=20)
    yield pool
    pool.shutdown()


def results(futures):
    return [future.result(20) for future in futures]


def test_a_lone_call_waits_for_nobody(network):
    pool = BoundedPool(2, 20)
    assert [pool.submit(network.rows, n).result(20) for n in (1, 2, 3)] == [[2], [3], [4]]
    assert network.runs == [[1], [2], [3]] and (pool.runs, pool.rows) == (3, 3)
    pool.shutdown()


def test_calls_that_wait_are_run_together(shared, network, gate):
    futures = [shared.submit(network.rows, n) for n in (1, 2)] + [shared.submit(network.rows, 3, 4, 5)]
    gate.set()
    assert results([shared.first, *futures]) == [[14], [2], [3], [4, 5, 6]]
    assert network.runs == [[13], [1, 2], [3, 4, 5]]  # at most 4 rows, and no call in two runs


def test_a_full_run_does_not_wait(shared, network, gate):
    futures = [shared.submit(network.rows, n) for n in (1, 2, 3, 4)]
    assert results(futures) == [[2], [3], [4], [5]] and not shared.first.done()
    assert network.runs == [[13], [1, 2, 3, 4]]
    assert shared.submit(network.rows, *range(5)).result(20) == [1, 2, 3, 4, 5]  # more than a run can share


def test_other_rows_do_not_wait(shared, network, gate):
    """Of another model, signature or version, or such as cannot be run with others."""
    other = shared.submit(lambda: network.rows(1, key="other"))
    alone = shared.submit(lambda: network.rows(2, key=None))
    assert results([other, alone, shared.submit(max, 1, 2)]) == [[2], [3], 2] and not shared.first.done()
    assert sorted(network.runs) == [[1], [2], [13]]


def test_no_kind_of_rows_waits_for_ever(network, gate):
    """However many full runs of another kind there are."""
    pool = BoundedPool(1, 40)
    first = pool.submit(network.rows, 13)
    assert network.begun.acquire(timeout=20)
    lone = pool.submit(lambda: network.rows(99, key="other"))
    futures = [pool.submit(network.rows, n) for n in range(1, 13)]
    gate.set()
    assert results([first, lone, *futures]) == [[14], [100], *([n + 1] for n in range(1, 13))]
    assert network.runs == [[13], [99], [1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]
    pool.shutdown()


def test_a_bad_row_is_told_to_its_own_call(shared, network, gate):
    good, bad, other = (shared.submit(network.rows, *numbers) for numbers in ((1,), (2, -1), (3,)))
    gate.set()
    assert results([good, other]) == [[2], [4]]
    with pytest.raises(ValueError, match=r"^-1 in row 1$"):
        bad.result(20)


@pytest.mark.parametrize("read", [False, True])
def test_a_call_that_is_given_up_is_not_run(shared, network, gate, read):
    futures = [shared.submit(network.rows, n) for n in (1, 2, 3)]
    if read:
        shared.submit(max, 1, 2).result(20)  # behind them
    assert futures[1].cancel() and shared.count == 3
    gate.set()
    assert results([futures[0], futures[2]]) == [[2], [4]]
    # Two workers may read one each, and whoever is first does not wait for the other.
    assert sorted(row for run in network.runs for row in run) == [1, 3, 13]


def test_a_call_that_cannot_be_read_fails_alone(shared, network, gate):
    good, bad = shared.submit(network.rows, 1), shared.submit(int, "no number")
    with pytest.raises(ValueError, match="invalid literal"):
        bad.result(20)
    gate.set()
    assert good.result(20) == [2]


def test_shutting_down_drops_rows_that_wait(shared, network):
    waiting = shared.submit(network.rows, 1)
    shared.submit(max, 1, 2).result(20)  # and so it is read
    shared.shutdown()
    assert waiting.cancelled() and shared.count == 1


def test_without_merging_each_call_is_run_for_itself(network, gate):
    pool = BoundedPool(1, 20, merge=False)
    futures = [pool.submit(network.rows, n) for n in (13, 1, 2)]
    gate.set()
    assert results(futures) == [[14], [2], [3]] and network.runs == [[13], [1], [2]]
    pool.shutdown()
