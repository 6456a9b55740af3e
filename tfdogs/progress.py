"""How far a long job is: a bar on a terminal, plain lines elsewhere."""

import contextlib
import sys
import time

from tqdm import tqdm

_PLAIN_SECONDS = 10.0  # between lines where there is no terminal


def say(text, file=None):
    """Prints a line at once, above a progress bar.

    One that cannot be written, as to a log on a full disk or a reader that is gone, is no reason to end a
    long job: the next one is tried again.

    Args:
        text: the line.
        file: where it goes; default standard output.
    """
    file = sys.stdout if file is None else file
    if file is None:  # Python's own, where there is no stream
        return
    encoding = getattr(file, "encoding", None) or "utf-8"  # which may lack a plus-minus sign
    with contextlib.suppress(OSError, ValueError):  # ValueError: it is closed
        tqdm.write(text.encode(encoding, "replace").decode(encoding), file=file)
        file.flush()


class Progress:
    """Counts images on stderr, with ETA. A context manager.

    Args:
        what: the job, a word before the numbers.
        total: number of images.
        unit: what is counted; default "img".
        done: how many are done already; default 0.
    """

    def __init__(self, what, total, *, unit="img", done=0):
        self._what, self._total, self._unit = what, total, unit
        self._bar, self._done, self._before = None, done, done

    def __enter__(self):
        if sys.stderr.isatty():
            options = {"unit": self._unit, "desc": self._what, "dynamic_ncols": True}
            self._bar = tqdm(total=self._total, initial=self._done, **options)
        self._start = self._last = time.perf_counter()
        return self

    def __exit__(self, *error):
        if self._bar is not None:
            self._bar.close()

    def __call__(self, count):
        """Counts `count` more images."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
            return
        now = time.perf_counter()
        if now - self._last >= _PLAIN_SECONDS:
            self._last, speed = now, (self._done - self._before) / (now - self._start)
            eta = max(self._total - self._done, 0) / speed
            say(
                f"{self._what}: {self._done} of {self._total} {self._unit}, {speed:.0f} {self._unit}/s, "
                f"ETA {eta:.0f} s",
                sys.stderr,
            )
