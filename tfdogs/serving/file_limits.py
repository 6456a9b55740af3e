"""How many connections there may be: each is an open file, and a process that has too many opens no more."""

import resource
import sys

_OTHERS = 200  # files that the process needs besides
HTTP, GRPC = 0.75, 0.25  # shares of what is left


def connections(most, share):
    """Returns how many connections of a kind there may be.

    Args:
        most: number that is never exceeded.
        share: `HTTP` or `GRPC`: neither kind takes the other's files.
    """
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    files = sys.maxsize if files == resource.RLIM_INFINITY else files
    return min(most, int(share * max(files - _OTHERS, files // 2)))
