"""How long another process is waited for: as long as it works, on a machine that may be busy with others."""

import os
import threading
import time
from pathlib import Path

from tfdogs.data.prepare_config import cores

_LOOK_SECONDS = 0.05
_MOST = 10  # times as long as on a machine that has nothing else to do


class Patience:
    """Says when to wait no longer.

    A busy machine gives a process less of its processors, and so everything takes longer. Therefore it is not
    the clock that counts: a process may use as much processor time as `seconds` of the whole machine,
    and rest for `seconds`. Only `_MOST` times `seconds` is the end in any case.

    Args:
        seconds: how long it may take where nothing else runs.
        processors: how many it may use; default: as many as this process.
    """

    def __init__(self, seconds, *, processors=None):
        self._seconds = seconds
        self._processors = processors or cores()
        self._used, self._since = 0.0, 0.0

    def verdict(self, passed, used):
        """Returns why to wait no longer, or "".

        Args:
            passed: seconds since the process began.
            used: seconds of processor time that it has used, or None where the system does not tell.
        """
        if used is None:
            used = passed  # then the clock counts, after all
        if used > self._used:
            self._used, self._since = used, passed
        if passed - self._since >= self._seconds:
            return f"it has done nothing for {passed - self._since:.3g} s"
        if used >= self._seconds * self._processors or passed >= self._seconds * _MOST:
            return (
                f"{passed:.3g} s have passed, and {used:.3g} s of processor time on {self._processors} "
                f"processors{load()}"
            )
        return ""


class Watch:
    """Kills a process that is not to be waited for any longer. A context manager: the wait.

    Args:
        process: `subprocess.Popen`.
        patience: `Patience`.

    Attributes:
        reason: why it was killed, or "".
        passed: how long was waited, in seconds.
    """

    def __init__(self, process, patience):
        self._process, self._patience, self._over = process, patience, threading.Event()
        self._start = time.monotonic()
        self.reason, self.passed = "", 0.0
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._over.set()
        self._thread.join()
        self.passed = time.monotonic() - self._start

    def _watch(self):
        while not self._over.wait(_LOOK_SECONDS):
            used = processor_seconds(self._process.pid)
            if self._process.poll() is not None:  # it has ended, and /proc tells nothing of it
                return
            self.reason = self._patience.verdict(time.monotonic() - self._start, used)
            if self.reason:
                self._process.kill()
                return


def processor_seconds(pid):
    """Returns how much processor time a process has used, or None where the system does not tell."""
    try:
        # After the name, which may have spaces: state is field 3, time in user and in system mode 14 and 15.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def load():
    """Returns how busy the machine is, as the end of a sentence; "" where the system does not tell."""
    try:
        return f", at a load average of {os.getloadavg()[0]:.1f}"
    except OSError:
        return ""
