"""Calls to ML Metadata, made again where another process was writing at the same time."""

import random
import time

from ml_metadata import errors

from tfdogs.errors import TfdogsError

_TRIES = 12  # of a call that met another writer; waits double from 20 ms, a minute and a half in all


class AlreadyThereError(TfdogsError):
    """Another process has put the same."""


def retried(call, *args, **kwargs):
    """Returns what a call returns.

    Raises:
        AlreadyThereError: what it puts is there.
        TfdogsError: it failed, or the store was busy all the time.
    """
    for attempt in range(_TRIES):
        try:
            return call(*args, **kwargs)
        except errors.AlreadyExistsError as e:
            raise AlreadyThereError(f"the metadata store has it already: {e}") from e
        except errors.StatusError as e:
            busy = isinstance(e, (errors.AbortedError, errors.UnavailableError)) or "locked" in str(e)
            if not busy or attempt == _TRIES - 1:
                raise TfdogsError(f"the metadata store failed: {e}") from e
            time.sleep(random.uniform(0.5, 1) * 0.02 * 2**attempt)
    raise AssertionError  # the last try returns or raises
