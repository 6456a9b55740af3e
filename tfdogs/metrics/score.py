"""One number, with what it takes to compare it."""

import dataclasses
import math
from typing import Optional


@dataclasses.dataclass(frozen=True)
class Score:
    """One number.

    Attributes:
        name: such as "fid".
        title: for people, with the extractor: "FID (EfficientNet-Lite0)".
        value: the number, finite.
        error: one standard error, or for the Inception score, as is the custom, the standard deviation over
            its splits; None where there is none.
        better: "lower", "higher", or "" where neither is.
        num_fakes: generated images that it was computed from.
        num_reals: real images that it was computed from; 0 where it needs none.
        note: how it was computed where that is a choice, such as "10 splits"; else "".

    Raises:
        ValueError: the value or its error is not finite.
    """

    name: str
    title: str
    value: float
    error: Optional[float]
    better: str
    num_fakes: int
    num_reals: int
    note: str = ""

    def __post_init__(self):
        if not math.isfinite(self.value) or not (self.error is None or math.isfinite(self.error)):
            raise ValueError(f"its value is {self.value}, its error {self.error}: not a finite number")
