"""The seeds of many images, without a list of them."""

import dataclasses
import re

import numpy as np

MAX_SEED = 2**63 - 1
_PART = re.compile(r"(\d+)(?:-(\d+))?", re.ASCII)

# The batch that a generator always runs on, the last one padded: kernels differ between batch sizes in the
# last bits, and a byte of an image could follow them.
CHUNK = 32


def whole(values, name):
    """Returns whole numbers as an int64 array; floats may be such.

    Args:
        values: a number, or an array of them.
        name: what they are.

    Raises:
        ValueError: there is something else among them, or out of the range of int64.
    """
    try:
        array = np.asarray(values)
    except ValueError:  # rows of several lengths
        array = np.array(None)
    fine = array.dtype.kind in "iuf"
    if fine and array.dtype.kind != "i" and array.size:
        fine = bool(np.all((array >= -(2.0**63)) & (array < 2.0**63) & (array == np.floor(array))))
    if not fine and array.size:
        text = " ".join(str(values).split())
        raise ValueError(
            f"{name} must be whole numbers in the range of int64. Received: "
            f"{text if len(text) <= 60 else f'{text[:57]}...'}"
        )
    return array.astype(np.int64)


def following(seed, count):
    """Returns `count` seeds from one on, int64 [count].

    Raises:
        ValueError: it is no whole number, or the last is over 2**63 - 1.
    """
    first = whole(seed, "seed")
    if first.ndim or int(first) + count - 1 > MAX_SEED:
        raise ValueError(
            f"seed must be one whole number, and seed + {count} at most {MAX_SEED + 1}. Received: {seed}"
        )
    return first + np.arange(count, dtype=np.int64)


@dataclasses.dataclass(frozen=True)
class Seeds:
    """Seeds in order, as ranges; a billion of them take no more room than one.

    Attributes:
        ranges: `range` objects over [0, 2**63), none empty.
    """

    ranges: tuple

    @classmethod
    def first(cls, seed, count):
        """Returns `count` seeds from `seed` on."""
        return cls((range(seed, seed + count),))

    @classmethod
    def parse(cls, text):
        """Reads seeds and ranges of them, both ends included, such as "1,5,9-12".

        Raises:
            ValueError: the text is something else, a seed is over 2**63 - 1 or a range runs backwards.
        """
        ranges = []
        for part in text.split(","):
            match = _PART.fullmatch(part.strip())
            if match is None:
                raise ValueError(f"must be seeds and ranges such as 1,5,9-12; {part.strip()!r} is neither")
            low, high = int(match[1]), int(match[2] or match[1])
            if not low <= high <= MAX_SEED:
                raise ValueError(f"must be seeds up to {MAX_SEED} and ranges from low to high; {part} is not")
            ranges.append(range(low, high + 1))
        return cls(tuple(ranges))

    @property
    def count(self):
        """How many seeds there are."""
        return sum(part.stop - part.start for part in self.ranges)

    def after(self, count):
        """Returns the `Seeds` without the first `count`."""
        left = []
        for part in self.ranges:
            size = part.stop - part.start  # more than `len` can say, perhaps
            left += [part[count:]] if count < size else []
            count = max(count - size, 0)
        return type(self)(tuple(left))

    def array(self):
        """Returns all seeds, int64 [count]."""
        return next(self.chunks(self.count))

    def __str__(self):
        """Returns the seeds as `parse` reads them."""
        ends = ((part.start, part.stop - 1) for part in self.ranges)
        return ",".join(f"{low}" if low == high else f"{low}-{high}" for low, high in ends)

    def chunks(self, size):
        """Yields all seeds in order, as int64 arrays of `size`; the last may be shorter."""
        waiting = []
        missing = size
        for part in self.ranges:
            start = part.start
            while start < part.stop:
                stop = min(start + missing, part.stop)
                # Counted up from the start: a range's end, 2**63, is no int64.
                waiting.append(start + np.arange(stop - start, dtype=np.int64))
                missing -= stop - start
                start = stop
                if not missing:
                    yield np.concatenate(waiting)
                    waiting, missing = [], size
        if waiting:
            yield np.concatenate(waiting)
