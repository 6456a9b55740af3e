"""The load of serve.py: clients in threads that ask one server, and check every byte of its answers."""

import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from timing import serve

from tfdogs.serving import client
from tfdogs.serving.errors import ServingError

_BATCHES = 16  # different requests, whose answers are known beforehand


class Load:
    """Clients of one server.

    Args:
        url: the server's.
        name: the model's.
        clients: how many ask at the same time.
        batch: images a request.
        truncation: of all requests.
    """

    def __init__(self, url, name, *, clients, batch, truncation):
        self._connect = lambda: client.connect(url, name=name, deadline=60.0, retries=0)
        self._clients = clients
        self._truncation = truncation
        self._seeds = [list(range(i * batch, (i + 1) * batch)) for i in range(_BATCHES)]
        with self._connect() as one:
            self._expected = [one.generate(seeds, truncation=truncation) for seeds in self._seeds]

    def steady(self, seconds):
        """Every client asks again as soon as it was answered, for so many seconds."""
        end = time.perf_counter() + seconds

        def work(start):
            with self._connect() as one:
                return self._ask(one, start, lambda: time.perf_counter() < end)

        return self._gather(work, self._clients)

    def flood(self, count):
        """So many clients ask once, all at the same moment."""
        together = threading.Barrier(count)

        def work(start):
            once = iter([True])
            with self._connect() as one:
                together.wait()
                return self._ask(one, start, lambda: next(once, False))

        return self._gather(work, count)

    def _gather(self, work, count):
        with ThreadPoolExecutor(count) as threads:
            answers = list(threads.map(work, range(count)))
        total, latencies = Counter(), []
        for counts, times in answers:
            total.update(counts)
            latencies.extend(times)
        return {"counts": dict(total), "latencies": latencies}

    def _ask(self, one, start, go_on):
        """Returns what became of each request, as a Counter, and the seconds of those that were served."""
        counts, latencies, turn = Counter(sent=0), [], start
        while go_on():
            which = turn % _BATCHES
            turn += 1
            counts["sent"] += 1
            begin = time.perf_counter()
            try:
                answer = one.generate(self._seeds[which], truncation=self._truncation)
            except ServingError as e:
                counts[e.code] += 1
                continue
            latencies.append(time.perf_counter() - begin)
            counts["served"] += 1
            counts["images"] += len(answer)
            counts["wrong"] += answer != self._expected[which]
        return counts, latencies


def main():
    """Serves the benchmark: `python load_clients.py URL NAME CLIENTS BATCH TRUNCATION`."""
    url, name = sys.argv[1:3]
    clients, batch = map(int, sys.argv[3:5])
    load = Load(url, name, clients=clients, batch=batch, truncation=float(sys.argv[5]))
    serve({"name": f"{clients} clients"}, steady=load.steady, flood=load.flood)


if __name__ == "__main__":
    main()
