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
        """How many places are taken: by calls that run or wait, and by `reserve`."""
        return self._count

    def reserve(self):
        """Takes a place for a call that is yet to come.

        Returns:
            A context manager with a method `submit`, as the pool's, for one call: it keeps the place until
            its end. Without a call the place is given back where the context ends.

        Raises:
            ServingError: UNAVAILABLE: the queue is full.
        """
        with self._lock:
            if self._count >= self.limit:
                raise ServingError("UNAVAILABLE", self._full)
            self._count += 1
        return _Place(self._workers, self._give_back)

    def submit(self, function, *args):
        """Has a worker call `function`; returns a `concurrent.futures.Future`.

        A call that waits is taken back by the future's `cancel`.

        Raises:
            ServingError: UNAVAILABLE: the queue is full.
        """
        with self.reserve() as place:
            return place.submit(function, *args)

    def shutdown(self):
        """Lets the threads go when their work is done."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _give_back(self):
        with self._lock:
            self._count -= 1


class _Place:
    """The right to one call."""

    def __init__(self, workers, give_back):
        self._workers, self._give_back, self._used = workers, give_back, False

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if not self._used:
            self._give_back()

    def submit(self, function, *args):
        if self._used:
            raise ValueError("a place is for one call")
        future = self._workers.submit(function, *args)
        self._used = True
        future.add_done_callback(lambda _: self._give_back())
        return future
