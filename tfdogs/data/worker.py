"""What happens to one picture, and the worker processes in which it happens. Never imports TensorFlow."""

import collections
import contextlib
import io
import itertools
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple

from tfdogs.data import crops, png
from tfdogs.data.annotations import is_box
from tfdogs.data.doctor import Finding, grey
from tfdogs.data.judging import boxes_of, judge
from tfdogs.data.names import printable
from tfdogs.data.near_duplicates import perceptual_hash
from tfdogs.data.pictures import BadPicture, read, turned
from tfdogs.data.sources.base import Box
from tfdogs.data.splits import digest
from tfdogs.errors import TfdogsError

CHUNK = 32  # most pictures a task: many enough to hide the queue, few enough to end together
CHUNK_PIXELS = 2**19  # large training images go in smaller chunks: results wait in the parent's memory

_EXAMPLE_SIZE = 112  # pixels of a rejected crop on its sheet

_job = ()  # (source, config) of this worker process, set once by its initializer


class Crop(NamedTuple):
    """A crop to keep.

    Attributes:
        png: PNG bytes of the training image.
        rectangle: `Box` in pixels of its picture.
        hash: its perceptual hash.
        digest: of its PNG.
        blur: its `tfdogs.data.doctor.blur_width`; 0 where crops are not judged as photographs.
    """

    png: bytes
    rectangle: Box
    hash: int
    digest: bytes
    blur: float


class Outcome(NamedTuple):
    """What became of one picture.

    Attributes:
        digest: 16 bytes over the encoded picture, or over its pixels where it has no encoded form.
        hash: perceptual hash of the whole picture.
        crops: `Crop`s to keep.
        findings: `Finding`s against the picture, or against single crops of it.
        images: for each finding the rejected crop as a small encoded image, b"" where there is none.
    """

    digest: bytes
    hash: int
    crops: tuple
    findings: tuple
    images: tuple


def treat(source, config, item):
    """Loads, decodes, crops, checks and encodes one picture.

    Args:
        source: `tfdogs.data.sources.base.Source`.
        config: resolved `PrepareConfig`.
        item: one of the source's `Item`s.

    Returns:
        An `Outcome` with at least one crop or finding.
    """
    item = source.complete(item)
    if item.problem:
        return _lost(item.problem, None, item.detail)
    try:
        data = load(source, item)
        picture, turn = read(data, config.channels, frame=item.frame, boxes=item.boxes)
    except BadPicture as e:
        return _lost(e.reason, e.measure, e.detail)
    boxes, findings = boxes_of(item, config, *picture.size)
    kept, rejected = judge(picture, turn, boxes, config)
    findings += rejected
    if not boxes and not findings:
        return _lost("no_annotation", 0, "no boxes")
    whole = int(perceptual_hash(grey(turned(picture, turn))))
    images = tuple(_example(picture, turn, finding) for finding in findings)
    cropped = tuple(_crop(candidate, config) for candidate in kept)
    return Outcome(digest(data), whole, cropped, tuple(findings), images)


def treat_all(source, config):
    """Treats every picture of a source in worker processes.

    At most four chunks a worker are under way, so that memory does not grow with the source. The pictures of
    a chunk that was lost with its worker are treated one by one in a worker of their own, with nothing beside
    them that could kill it, so that only the one to blame is rejected.

    Args:
        source: `tfdogs.data.sources.base.Source`; it is pickled once a worker.
        config: resolved `PrepareConfig`.

    Yields:
        (item, outcome) in the source's order, whatever the number of workers. A picture that kills its worker
        has the finding `crashed_decoder`.

    Raises:
        TfdogsError: every picture of a chunk killed its worker, so that the pictures are not to blame.
    """
    items = iter(source.items())
    size = max(1, min(CHUNK, CHUNK_PIXELS // config.image_size**2))
    chunks = iter(lambda: list(itertools.islice(items, size)), [])
    waiting = collections.deque()
    crew, single = _Crew(source, config, config.workers), _Crew(source, config, 1)
    with contextlib.closing(crew), contextlib.closing(single):
        for chunk in itertools.islice(chunks, 4 * config.workers):
            waiting.append((chunk, crew.submit(chunk)))
        while waiting:
            chunk, future = waiting.popleft()
            try:
                outcomes = future.result()
            except BrokenProcessPool:  # so have all chunks under way, each of which comes here in its turn
                outcomes = _treat_singly(single, chunk)
            for following in itertools.islice(chunks, 1):
                waiting.append((following, crew.submit(following)))
            yield from zip(chunk, outcomes)


class _Crew:
    """A pool of worker processes, begun with the first chunk and replaced when one of them dies."""

    def __init__(self, source, config, workers):
        self._job, self._workers = (source, config), workers
        self._pool = None

    def _start(self):
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(self._workers, context, initializer=_initialize, initargs=self._job)

    def submit(self, chunk):
        """Returns a future with the outcomes of a list of items."""
        if self._pool is None:
            self._start()
        try:
            return self._pool.submit(_treat_chunk, chunk)
        except BrokenProcessPool:
            self.close()
            self._start()
            return self._pool.submit(_treat_chunk, chunk)

    def close(self):
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def _initialize(source, config):
    global _job
    _job = source, config
    follow_parent()


def follow_parent():
    """Leaves the end of this process to its parent; it ends with it, too, when that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)


def _treat_chunk(chunk):
    source, config = _job
    return [treat(source, config, item) for item in chunk]


def _treat_singly(crew, chunk):
    """Treats the pictures of a chunk, one of which may have killed its worker, one by one in an idle crew."""
    outcomes, crashed = [], 0
    for item in chunk:
        try:
            outcomes += crew.submit([item]).result()
        except BrokenProcessPool:
            detail = "reading it ends the process: the file is damaged, or memory is short"
            outcomes.append(_lost("crashed_decoder", None, detail))
            crashed += 1
    if crashed == len(chunk) > 1:
        names = ", ".join(printable(item.name) for item in chunk[:3])
        raise TfdogsError(f"worker processes die on every picture (out of memory?), last on {names}, ...")
    return outcomes


def load(source, item):
    """Returns what the source's `load` does; whatever keeps it from that becomes a `BadPicture`."""
    try:
        return source.load(item)
    except BadPicture:
        raise
    # Archives and file systems fail in as many ways as decoders do; one picture's failure is not the others'.
    except Exception as e:
        raise BadPicture("unreadable", None, f"{type(e).__name__}: {e}"[:200]) from e


def _crop(candidate, config):
    data = png.encode(candidate.image)
    blur = candidate.blur if config.checks == "photos" else 0.0
    return Crop(data, candidate.rectangle, int(perceptual_hash(candidate.luma)), digest(data), blur)


def _lost(reason, measure=None, detail=""):
    return Outcome(b"", 0, (), (Finding(reason, measure, None, detail),), (b"",))


def _example(picture, turn, finding):
    """Returns a rejected crop as the bytes of a small JPEG, b"" where there is none to be seen."""
    rectangle = finding.crop
    if rectangle is None or not is_box(rectangle) or crops.clamp(rectangle, *picture.size) is None:
        return b""
    buffer = io.BytesIO()
    turned(crops.cut(picture, rectangle, _EXAMPLE_SIZE), turn).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
