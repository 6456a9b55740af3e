"""Says what is at work where it takes long."""

import contextlib
import sys
import threading


@contextlib.contextmanager
def slow(name, *, seconds=5.0):
    """Prints "scoring: NAME" on stderr when the block under it has taken so long, and nothing before.

    Args:
        name: the step.
        seconds: default 5.
    """
    line = f"scoring: {name}\n"  # in one piece, as it is printed by another thread
    timer = threading.Timer(seconds, lambda: (sys.stderr.write(line), sys.stderr.flush()))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
