import re
import time
import types

from tfdogs.serving.monitoring import Monitoring


def test_sums_grow_by_what_is_added_however_large_they_are(monkeypatch):
    clock = iter([0.0, 1e6, 2e6, 2e6 + 0.25])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    pool = types.SimpleNamespace(limit=1, count=0, runs=0, rows=0)
    versions = types.SimpleNamespace(name="dogs", find=lambda name: types.SimpleNamespace(version=1))
    counted, sums = Monitoring(versions, pool), []
    for _ in range(2):
        with counted.request("REST"):
            pass
        text = counted.text().decode()
        sums.append(float(re.search(r'latency_sum{[^}]*"REST"} (\S+)', text)[1]))
    assert sums == [1e12, 1e12 + 250_000]
