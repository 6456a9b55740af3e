"""Work in threads whose results come in order."""

import collections
import concurrent.futures


def overlap(function, items, *, threads, ahead):
    """Yields `function` of each item, in order, computed in threads: for work outside the interpreter's lock.

    Args:
        function: of one item; what it raises comes out in the item's turn.
        items: iterable, taken by the caller's thread.
        threads: how many.
        ahead: most items that are taken, and results that wait, before the next result is asked for.
    """
    waiting = collections.deque()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
