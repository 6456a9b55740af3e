"""Work that is limited in number: some of it runs, some waits, and the surplus is refused at once."""

import concurrent.futures
import threading

from tfdogs.serving.errors import ServingError


class BoundedPool:
    """Worker threads with a queue of limited length.

    Args:
        concurrency: worker threads, at least 1.
        queue: calls that may wait while all workers are busy, 0 or more.
    """

    def __init__(self, concurrency, queue):
        self._workers = concurrent.futures.ThreadPoolExecutor(concurrency, thread_name_prefix="predict")
        self.limit, self._count, self._lock = concurrency + queue, 0, threading.Lock()
        self._full = f"the server is full: {concurrency} requests run and {queue} wait; try again later"

    @property
    def count(self):
        """How many calls run or wait."""
        return self._count

    def submit(self, function, *args):
        """Has a worker call `function`; returns a `concurrent.futures.Future`.

        A call that waits is taken back by the future's `cancel`.

        Raises:
            ServingError: UNAVAILABLE: the queue is full.
        """
        with self._lock:
            if self._count >= self.limit:
                raise ServingError("UNAVAILABLE", self._full)
            self._count += 1
        future = self._workers.submit(function, *args)
        future.add_done_callback(self._done)
        return future

    def shutdown(self):
        """Lets the threads go when their work is done."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _done(self, future):
        with self._lock:
            self._count -= 1
