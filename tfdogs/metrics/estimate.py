"""A number with its error."""

from typing import NamedTuple, Optional


class Estimate(NamedTuple):
    """A score.

    Attributes:
        value: the score.
        error: one standard error (what it is of, the score's function says), or None where it is unknown.
    """

    value: float
    error: Optional[float] = None
