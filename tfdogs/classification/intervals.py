"""How sure an accuracy is: over seeds, and over the images that it was taken on."""

import math
import statistics
from typing import NamedTuple, Optional

from scipy import stats


class Mean(NamedTuple):
    """A mean with half of its confidence interval, which is None for a single value."""

    value: float
    half: Optional[float]


def t_interval(values, confidence=0.95):
    """Returns the `Mean` of values with half of Student's t interval, t * s / sqrt(n).

    t has n - 1 degrees of freedom. The interval covers what differs between the values: where they are equal
    it is 0, which does not mean that
    nothing is uncertain: see `wilson`.

    Args:
        values: floats, at least one.
        confidence: in (0, 1); default 0.95.
    """
    values = [float(value) for value in values]
    count = len(values)
    if count < 2:
        return Mean(values[0], None)
    quantile = float(stats.t.ppf(0.5 + confidence / 2, count - 1))
    return Mean(statistics.fmean(values), quantile * statistics.stdev(values) / math.sqrt(count))


def wilson(share, count, confidence=0.95):
    """Returns Wilson's score interval of a binomial share (Wilson 1927): (low, high), within [0, 1].

    Args:
        share: of successes, in [0, 1].
        count: of trials, over 0.
        confidence: in (0, 1); default 0.95.
    """
    z2 = float(stats.norm.ppf(0.5 + confidence / 2)) ** 2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = math.sqrt(z2 * (share * (1 - share) / count + z2 / (4 * count**2))) / (1 + z2 / count)
    return max(middle - half, 0.0), min(middle + half, 1.0)
