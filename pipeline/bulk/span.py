"""A piece of the work: images with consecutive numbers."""

from typing import NamedTuple


class Span(NamedTuple):
    """Images `start` to `stop` - 1, which one worker goes through at a time.

    Attributes:
        number: its own number, from 0.
        total: how many spans there are.
        start, stop: numbers of images, from 0.
    """

    number: int
    total: int
    start: int
    stop: int

    @property
    def count(self):
        """How many images."""
        return self.stop - self.start

    def file_name(self, prefix, suffix):
        """Returns the name of what is made of it, such as train-00003-of-00245.tfrecord."""
        return f"{prefix}-{self.number:05d}-of-{self.total:05d}{suffix}"

    @classmethod
    def cut(cls, count, size):
        """Returns the spans of `count` images, `size` each, the last one the rest."""
        total = -(-count // size)
        return [cls(number, total, number * size, min((number + 1) * size, count)) for number in range(total)]
