"""Work that is limited in number: some of it runs, some waits, and the surplus is refused at once."""

import collections
import concurrent.futures
import threading

from tfdogs.serving.errors import ServingError
from tfdogs.serving.rows import Rows, run_together


class BoundedPool:
    """Worker threads with a queue of limited length.

    Calls that return `Rows` of equal keys are run together. Nothing waits for company: a worker that is free
    takes what is there. Only while rows of the same key run, others wait for these to end, unless they are
    enough for a full run: the processors are busy, and the next run takes all that have come meanwhile.

    Args:
        concurrency: worker threads, at least 1.
        queue: calls that may wait while all workers are busy, 0 or more.
        merge: whether to run rows of several calls together. Default True.

    Attributes:
        limit: how many calls may run or wait.
        rows, runs: `Rows` that were run, counted singly, and in how many runs.
    """

    def __init__(self, concurrency, queue, *, merge=True):
        self._workers = concurrent.futures.ThreadPoolExecutor(concurrency, thread_name_prefix="predict")
        self.limit, self.rows, self.runs = concurrency + queue, 0, 0
        self._merge, self._concurrency, self._active, self._stopped = merge, concurrency, 0, False
        self._count, self._lock = 0, threading.Lock()
        self._unread, self._read = collections.deque(), []  # calls that wait to be read, and to be run
        self._running = collections.Counter()  # of keys
        self._full = f"the server is full: {concurrency} requests run and {queue} wait; try again later"

    @property
    def count(self):
        """How many calls run or wait."""
        return self._count

    def check(self):
        """Refuses a call that is yet to come, where it could not be submitted now.

        Raises:
            ServingError: UNAVAILABLE: the queue is full.
        """
        if self._count >= self.limit:
            raise ServingError("UNAVAILABLE", self._full)

    def submit(self, function, *args):
        """Has a worker call `function`; returns a `concurrent.futures.Future`.

        Its result is what the function returns, or, where that is `Rows`, what these come to. A call that
        waits is taken back by the future's `cancel`.

        Raises:
            ServingError: UNAVAILABLE: the queue is full.
            RuntimeError: the pool was shut down.
        """
        call = _Call(function, args)
        with self._lock:
            if self._stopped:
                raise RuntimeError("the pool was shut down")
            self.check()
            self._count += 1
            self._unread.append(call)
            self._wake()
        call.future.add_done_callback(lambda _: self._give_back(call))
        return call.future

    def shutdown(self):
        """Drops what waits, and lets the threads go when their work is done."""
        with self._lock:
            self._stopped = True
            waiting = [*self._unread, *self._read]
            self._unread.clear()
            self._read.clear()
        for call in waiting:
            call.future.cancel()
        self._workers.shutdown(wait=False)

    def _give_back(self, call, *, read=False):
        """Gives a call's place back once it has ended; one that is given up keeps it while it is read."""
        with self._lock:
            call.reading = call.reading and not read
            if call.future.done() and not call.reading and not call.gone:
                call.gone = True
                self._count -= 1

    def _wake(self):
        if self._active < self._concurrency and not self._stopped:
            self._active += 1
            self._workers.submit(self._work)

    def _work(self):
        while True:
            with self._lock:
                task = self._next()
                if task is None:
                    self._active -= 1
                    return
                if self._unread or self._read:
                    self._wake()
            task()
            del task  # and with it the request

    def _next(self):
        """Returns what a worker is to do, or None.

        Where rows are enough for a full run, runs come first, else what is to be read, so that it gets into
        the next run. Of the runs that may begin, the one whose rows have waited for longest is taken, full or
        not: else a lone call would wait for as long as others fill theirs.
        """
        self._read = [call for call in self._read if not call.future.cancelled()]
        waiting = collections.Counter()
        for call in self._read:
            waiting[call.rows.key] += call.rows.count
        full = {call.rows.key for call in self._read if waiting[call.rows.key] >= call.rows.most}
        while self._unread and not full:
            call = self._unread.popleft()
            if not call.future.cancelled():
                call.reading = True
                return lambda: self._begin(call)
        for call in self._read:
            if call.rows.key in full or not self._running[call.rows.key]:
                return self._take(call.rows)
        return None

    def _take(self, like):
        """Takes as many calls as fit into a run out of the queue, the oldest first; returns the run."""
        taken, left, count = [], [], 0
        for call in self._read:
            fits = call.rows.key == like.key and count + call.rows.count <= like.most
            count += call.rows.count if fits else 0
            (taken if fits else left).append(call)
        self._read = left
        self._running[like.key] += 1
        return lambda: self._run_shared(like.key, taken)

    def _begin(self, call):
        """Reads a call; unless its rows may be run with others', ends it too."""
        outcome = call.read()
        self._give_back(call, read=True)
        rows = call.rows
        if rows is None:
            if call.future.set_running_or_notify_cancel():
                call.end(*outcome)
            return
        if not self._merge or rows.key is None or not 0 < rows.count < rows.most:
            self._run([call])
            return
        with self._lock:
            if not self._stopped:
                self._read.append(call)
                return
        call.future.cancel()

    def _run_shared(self, key, calls):
        try:
            self._run(calls)
        finally:
            with self._lock:
                self._running[key] -= 1
                self._running += collections.Counter()  # forgets keys of which nothing runs

    def _run(self, calls):
        calls = [call for call in calls if call.future.set_running_or_notify_cancel()]
        if not calls:
            return
        with self._lock:
            self.runs += 1
            self.rows += sum(call.rows.count for call in calls)
        for call, outcome in zip(calls, run_together([call.rows for call in calls])):
            call.end(*outcome)


class _Call:
    """A function that is to be called, its future, and its rows once it has returned such.

    Attributes:
        reading: whether a worker calls the function.
        gone: whether its place was given back.
    """

    def __init__(self, function, args):
        self.future, self.rows, self.reading, self.gone = concurrent.futures.Future(), None, False, False
        self._function, self._args = function, args

    def read(self):
        """Calls the function; keeps its `Rows`, or returns the call's (result, error)."""
        try:
            result = self._function(*self._args)
        except BaseException as e:
            return None, e
        finally:
            del self._function, self._args  # a body may be large
        if not isinstance(result, Rows):
            return result, None
        self.rows = result
        return None

    def end(self, result, error):
        """Gives the future its result, or its exception where that is not None."""
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)
