"""Which class a conditional generator draws for a seed, where nobody asks for one."""

import dataclasses

import numpy as np

# The names under which a score remembers how its images' classes were drawn, and which flags take.
DATA, UNIFORM = "data", "uniform"


@dataclasses.dataclass(frozen=True)
class DataLabels:
    """Draws each class as often as the data has it: the label of a seed follows from the seed and the counts.

    Labels of different seeds are independent, and so are a seed's label and its latent. (Without a rule
    classes come in turn, the seed modulo their number: each is as frequent as any other.)

    Args:
        counts: images by class, ints of 0 or more, not all 0; a class of 0 is never drawn.

    Raises:
        ValueError: they are something else.
    """

    counts: tuple

    def __post_init__(self):
        if not (sum(self.counts) > 0 and min(self.counts) >= 0):
            raise ValueError(
                f"counts must be images by class, at least one in all. Received: {self.counts!r:.80}"
            )

    def __call__(self, seeds):
        """Returns the labels of int64 `seeds` [N], int32 [N]."""
        ends = np.cumsum(self.counts)
        place = _uniform(seeds) * ends[-1]
        return np.searchsorted(ends, place.astype(np.int64), side="right").astype(np.int32)


def _uniform(seeds):
    """Returns one float64 in [0, 1) a seed, by SplitMix64 (Steele et al. 2014), made for seeds in a row."""
    bits = np.asarray(seeds, np.int64).reshape(-1).astype(np.uint64)
    bits = (bits + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return (bits >> np.uint64(11)) * 2.0**-53
