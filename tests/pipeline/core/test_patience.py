import subprocess
import sys

import pytest

from pipeline.core.patience import Patience, Watch, processor_seconds


def given_up(patience, samples):
    """Returns (seconds that had passed, why) where the wait was over, or None."""
    for passed, used in samples:
        if reason := patience.verdict(passed, used):
            return passed, reason
    return None


def test_a_process_that_gets_little_of_a_busy_machine_is_waited_for():
    samples = [(passed, 0.05 * passed) for passed in range(0, 999)]  # a twentieth of one processor
    assert given_up(Patience(100.0, processors=2), samples) is None


def test_a_process_that_works_for_too_long_is_not():
    samples = [(passed, 1.9 * passed) for passed in range(0, 999)]
    passed, reason = given_up(Patience(100.0, processors=2), samples)
    assert passed == 106 and "106 s have passed, and 201 s of processor time on 2 processors" in reason


def test_a_process_that_rests_is_not():
    samples = [(passed, min(passed, 50.0)) for passed in range(0, 999)]
    assert given_up(Patience(100.0, processors=2), samples) == (150, "it has done nothing for 100 s")


def test_there_is_an_end_in_any_case():
    samples = [(passed, 0.001 * passed) for passed in range(0, 9999)]
    assert given_up(Patience(100.0, processors=2), samples)[0] == 1000


def test_where_the_system_does_not_tell_the_clock_counts():
    samples = [(passed, None) for passed in range(0, 999)]
    assert given_up(Patience(100.0, processors=1), samples)[0] == 100


WORKS_AND_RESTS = """
import time
for _ in range(25):
    start = time.process_time()
    while time.process_time() - start < 0.01:
        pass
    time.sleep(0.05)
"""


@pytest.mark.skipif(processor_seconds(1) is None, reason="needs /proc")
@pytest.mark.parametrize(
    ("code", "seconds", "ends"),
    [
        (WORKS_AND_RESTS, 1.0, True),  # though it takes longer than that
        ("import time; time.sleep(600)", 0.3, False),
        ("while True: pass", 0.3, False),
    ],
)
def test_a_process_that_is_watched(code, seconds, ends):
    patience = Patience(seconds, processors=1)
    with subprocess.Popen([sys.executable, "-c", code]) as process, Watch(process, patience) as watch:
        process.wait()
    assert bool(watch.reason) is not ends and (process.returncode == 0) is ends
    assert watch.passed > seconds
