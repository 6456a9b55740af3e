"""How far the workers are, told by the files that they have finished."""

import contextlib
import threading
from pathlib import Path

from tfdogs.progress import Progress

_SECONDS = 2.0


@contextlib.contextmanager
def watch(what, folder, pattern, *, spans):
    """Shows, while the body runs, how many images are done.

    Args:
        what: the job, a word before the numbers.
        folder, pattern: where a file a span appears, and a glob of their names.
        spans: all `Span`s.
    """
    folder, over = Path(folder), threading.Event()

    def done():
        return min(len(list(folder.glob(pattern))) * spans[0].count, spans[-1].stop)

    before = done()

    def look(progress):
        seen, ended = before, False
        while not ended:
            ended = over.wait(_SECONDS)
            there = done()
            if there > seen:
                progress(there - seen)
                seen = there

    with Progress(what, spans[-1].stop - before) as progress:
        thread = threading.Thread(target=look, args=(progress,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
