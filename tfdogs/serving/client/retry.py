"""Tries again where that is safe and may help, within a deadline."""

import math
import numbers
import random
import time

from tfdogs.errors import UsageError
from tfdogs.serving.errors import ServingError

FIRST_PAUSE = 0.1  # seconds; doubled with each try
# The server did nothing: it was busy, or not there. All calls are pure functions, so that none is harmed by
# being made twice, but a request that failed otherwise would fail again.
WORTH_ANOTHER_TRY = ("UNAVAILABLE", "RESOURCE_EXHAUSTED")


class Retry:
    """How often, how soon, and until when a call is tried.

    Args:
        deadline: seconds for all tries and the pauses between them, over 0.
        retries: most tries after the first, 0 or more.
        sleep, clock: as `time.sleep` and `time.monotonic`.

    Raises:
        UsageError: a value is out of range.
    """

    def __init__(self, deadline, retries, *, sleep=time.sleep, clock=time.monotonic):
        if not (_is_number(deadline, numbers.Real) and deadline > 0 and math.isfinite(deadline)):
            raise UsageError(f"deadline must be over 0 seconds. Received: {deadline}")
        if not (_is_number(retries, numbers.Integral) and retries >= 0):
            raise UsageError(f"retries must be a whole number of 0 or more. Received: {retries}")
        self._deadline, self._retries = deadline, retries
        self._sleep, self._clock = sleep, clock
        self._random = random.Random()

    def __call__(self, attempt):
        """Returns what `attempt` returns, tried again while it is worth it and there is time.

        Args:
            attempt: function of the seconds that are left for it.

        Raises:
            ServingError: the last try's.
        """
        end, number = self._clock() + self._deadline, 0
        while True:
            try:
                return attempt(max(end - self._clock(), 1e-3))
            except ServingError as e:
                # Jitter keeps clients apart that a server refused at the same time.
                pause = FIRST_PAUSE * 2**number * self._random.uniform(0.5, 1.0)
                in_time = self._clock() + pause < end
                if e.code not in WORTH_ANOTHER_TRY or number == self._retries or not in_time:
                    raise
            self._sleep(pause)
            number += 1


def _is_number(value, kind):
    return isinstance(value, kind) and not isinstance(value, bool)
