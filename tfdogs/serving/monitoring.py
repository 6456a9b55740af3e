"""What a server counts, for Prometheus: under the names that TensorFlow Serving has for it."""

import bisect
import collections
import contextlib
import threading
import time

from tfdogs.serving.errors import ServingError

PATH = "/monitoring/prometheus/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_CODES = {408: "DEADLINE_EXCEEDED", 501: "UNIMPLEMENTED"}  # of HTTP's statuses
_BOUNDS = [10 * 1.8**i for i in range(33)]  # microseconds, TensorFlow Serving's buckets


class Monitoring:
    """Counts requests to predict, and tells Prometheus of them and of the queue.

    Safe to call from several threads.

    Args:
        versions: `tfdogs.serving.versions.Versions`.
        pool: `tfdogs.serving.bounded_pool.BoundedPool`.
    """

    def __init__(self, versions, pool):
        self._versions, self._pool = versions, pool
        self._lock = threading.Lock()
        self._statuses = collections.Counter()
        self._latencies = {entry: [0] * (len(_BOUNDS) + 1) for entry in ("GRPC", "REST")}
        self._sums = dict.fromkeys(self._latencies, 0.0)

    @contextlib.contextmanager
    def request(self, entry):
        """Context of one request to predict: counts it, by how it ends.

        Args:
            entry: "REST" or "GRPC".
        """
        start, status = time.perf_counter(), "INTERNAL"
        try:
            yield
            status = "OK"
        except ServingError as e:
            status = e.code
            raise
        except ConnectionError:  # the client has left
            status = "CANCELLED"
            raise
        except Exception as e:
            code = getattr(e, "status", 500)
            status = _CODES.get(code, "INVALID_ARGUMENT" if 400 <= code < 500 else "INTERNAL")
            raise
        except BaseException:  # cancelled
            status = "CANCELLED"
            raise
        finally:
            self._count(entry, status, 1e6 * (time.perf_counter() - start))

    def _count(self, entry, status, microseconds):
        with self._lock:
            self._statuses[status] += 1
            if status == "OK":
                self._latencies[entry][bisect.bisect_left(_BOUNDS, microseconds)] += 1
                self._sums[entry] += microseconds

    def text(self):
        """Returns all numbers in Prometheus' text format, bytes."""
        model = f'model_name="{self._versions.name}"'
        with self._lock:
            statuses, sums = dict(self._statuses), dict(self._sums)
            latencies = {entry: list(counts) for entry, counts in self._latencies.items()}
        lines = ["# TYPE :tensorflow:serving:request_count counter"]
        for status, count in sorted(statuses.items()):
            lines.append(f':tensorflow:serving:request_count{{{model},status="{status}"}} {count}')
        name = ":tensorflow:serving:request_latency"
        lines.append(f"# TYPE {name} histogram")
        for entry, counts in latencies.items():
            labels, total = f'{model},API="predict",entrypoint="{entry}"', 0
            for bound, count in zip([*_BOUNDS, float("inf")], counts):
                total += count
                end = "+Inf" if bound == float("inf") else f"{bound:g}"
                lines.append(f'{name}_bucket{{{labels},le="{end}"}} {total}')
            lines += [f"{name}_sum{{{labels}}} {sums[entry]}", f"{name}_count{{{labels}}} {total}"]
        for name, kind, value in self._gauges():
            lines += [f"# TYPE {name} {kind}", f"{name}{{{model}}} {value}"]
        return "".join(f"{line}\n" for line in lines).encode()

    def _gauges(self):
        pool = self._pool
        yield "tfdogs:serving:version", "gauge", self._versions.find(self._versions.name).version
        yield "tfdogs:serving:places", "gauge", pool.limit
        yield "tfdogs:serving:places_taken", "gauge", pool.count
        yield "tfdogs:serving:run_count", "counter", pool.runs
        yield "tfdogs:serving:row_count", "counter", pool.rows
