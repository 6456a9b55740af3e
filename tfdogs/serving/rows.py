"""Calls whose rows can be run together: one run for several, and to each what it would have got alone."""

import dataclasses
from collections.abc import Callable, Hashable

import numpy as np


@dataclasses.dataclass(frozen=True)
class Rows:
    """What is left of a call once it has been read: rows to run, and an answer to make of the result.

    Attributes:
        key: calls of equal keys may be run together; None: this one runs alone.
        count: rows of this call.
        most: rows that may be run together.
        inputs: {name: array [count, ...]}; where keys are equal, of equal names, dtypes and shapes of a row.
        run: function of such inputs, of any number of rows, to {name: array [rows, ...]}. A row's outputs do
            not depend on the other rows. It raises where one of them is refused.
        finish: function of `run`'s outputs for these rows to the call's result.
    """

    key: Hashable
    count: int
    most: int
    inputs: dict
    run: Callable
    finish: Callable

    def alone(self):
        """Returns the call's result; raises what `run` and `finish` raise."""
        return self.finish(self.run(self.inputs))


def run_together(calls):
    """Runs several calls as one.

    Where the run fails, halves of it are tried, so that in the end a bad row fails its own call, in the words
    that it would have got alone, and no other.

    Args:
        calls: list of `Rows`, 1 or more, whose keys are equal.

    Returns:
        List of what became of each: (result, None) or (None, exception).
    """
    if len(calls) == 1:
        return [_caught(calls[0].alone)]
    try:
        outputs = calls[0].run(_joined(calls))
        parts = _split(outputs, [call.count for call in calls])
    except Exception:  # whatever it is, a call that is alone gets it as its own
        middle = len(calls) // 2
        return [*run_together(calls[:middle]), *run_together(calls[middle:])]
    return [_caught(lambda call=call, part=part: call.finish(part)) for call, part in zip(calls, parts)]


def _joined(calls):
    return {name: np.concatenate([call.inputs[name] for call in calls]) for name in calls[0].inputs}


def _split(outputs, counts):
    """Returns each call's rows of the outputs."""
    ends = np.cumsum(counts)
    for name, array in outputs.items():
        if array.shape[:1] != (ends[-1],):
            raise ValueError(f"output {name} has not a row for each of {ends[-1]}: {array.shape}")
    spans = [slice(end - count, end) for end, count in zip(ends, counts)]
    return [{name: array[span] for name, array in outputs.items()} for span in spans]


def _caught(function):
    try:
        return function(), None
    except BaseException as e:
        return None, e
