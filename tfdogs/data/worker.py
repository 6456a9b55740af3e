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
from tfdogs.data.annotations import fault_of, is_box
from tfdogs.data.doctor import Candidate, Finding, examine, grey
from tfdogs.data.names import printable
from tfdogs.data.near_duplicates import perceptual_hash
from tfdogs.data.pictures import BadPicture, read, turned
from tfdogs.data.sources.base import Box
from tfdogs.data.splits import digest
from tfdogs.errors import TfdogsError

CHUNK = 32  # most pictures a task: many enough to hide the queue, few enough to end together
CHUNK_PIXELS = 2**19  # large training images go in smaller chunks: results wait in the parent's memory
SAME_VIEW = 0.5  # likeness of two crops from which on one of two dogs that cover each other is enough
LARGE = 1.5  # times min_side: dogs of that size are seen well though another one is in the way
LEAST_SHORTER = 0.55  # of min_side: what the shorter side of a long box must have
REPEATED_BOX = 0.8  # likeness of two boxes from which on they are round the same dog

_NARROWED = ("extreme_aspect", "other_dog")  # reasons for which a narrower crop is tried
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
    boxes, findings = _boxes(item, config, *picture.size)
    kept, rejected = _judge(picture, turn, boxes, config)
    findings += rejected
    if not boxes and not findings:
        return _lost("no_annotation", 0, "no boxes")
    whole = int(perceptual_hash(grey(turned(picture, turn))))
    images = tuple(_example(picture, turn, finding) for finding in findings)
    cropped = tuple(_crop(candidate, config) for candidate in kept)
    return Outcome(digest(data), whole, cropped, tuple(findings), images)


def _judge(picture, turn, boxes, config):
    """Crops a picture and examines the crops.

    Where a dog is long, or another one is in its way, a narrower crop is tried first. Of dogs that cover each
    other's crops the one that is covered least is kept, and so is a large one whose crop shows another part
    of the picture.

    Args:
        picture, turn: as `tfdogs.data.pictures.Picture` has them.
        boxes: the boxes to crop, clamped.
        config: resolved `PrepareConfig`.

    Returns:
        (kept, findings): lists of `Candidate`s and of `Finding`s.
    """
    kept, findings, covered = [], [], []
    for box in boxes:
        others = [other for other in boxes if other != box]
        rectangles = crops.POLICIES[config.crop](*picture.size, box, boxes, config.margin)
        for number, rectangle in enumerate(rectangles):
            candidate = Candidate(picture, box, others, rectangle, config.image_size, turn)
            finding = examine(candidate, config)
            if finding and finding.reason in _NARROWED and config.crop in crops.SQUARES and not number:
                narrow = _narrowed(candidate, finding.reason, config)
                candidate, finding = (narrow, None) if narrow else (candidate, finding)
            if finding is None:
                kept.append((box, candidate))
            elif finding.reason == "other_dog":
                covered.append((finding, box, candidate))
            else:
                findings.append(finding)
    for finding, box, candidate in sorted(covered, key=lambda row: row[0].measure):
        rectangle = candidate.rectangle
        likeness = max((crops.likeness(rectangle, other.rectangle) for _, other in kept), default=0.0)
        if likeness > SAME_VIEW:
            detail = "another dog's crop that was kept shows nearly the same part of the picture"
            findings.append(Finding("repeated_crop", likeness, rectangle, detail))
            continue
        _, other = crops.covered(rectangle, crops.beside(box, candidate.others))
        alone = all(other != its_box for its_box, _ in kept)
        if alone or min(box.right - box.left, box.bottom - box.top) >= LARGE * config.min_side:
            finding = examine(candidate, config, skip=("other_dog",))
        if finding is None:
            kept.append((box, candidate))
        else:
            findings.append(finding)
    return [candidate for _, candidate in kept], findings


def _narrowed(candidate, reason, config):
    """Returns a good `Candidate` for the same box with a narrower crop, or None."""
    box, others, (width, height) = candidate.box, candidate.others, candidate.picture.size
    shorter, longer = sorted((box.right - box.left, box.bottom - box.top))
    if reason == "extreme_aspect" and (
        shorter < LEAST_SHORTER * config.min_side or box == Box(0, 0, width, height)
    ):
        return None  # too small to be seen, or a panorama
    sides = [config.max_aspect * shorter] if reason == "extreme_aspect" else []
    for side in (*sides, (shorter + longer) / 2, shorter):
        for square in crops.narrower(width, height, box, crops.beside(box, others), min(side, longer)):
            narrow = candidate.cut(square)
            if not examine(narrow, config, skip=("extreme_aspect",)):
                return narrow
    return None


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
            outcomes.append(_lost("crashed_decoder"))
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


def _boxes(item, config, width, height):
    """Returns the boxes to crop, clamped to the picture, and the findings against the others."""
    if item.boxes is None or config.crop == "center":
        return [Box(0, 0, width, height)], []
    x, y = (width / item.frame[0], height / item.frame[1]) if item.frame else (1, 1)
    boxes, findings = [], []
    for number, box in enumerate(item.boxes, 1):
        if not is_box(box):
            findings.append(Finding("bad_box", None, box, f"object {number}: {fault_of(box)}: mend it"))
            continue
        box = Box(box.left * x, box.top * y, box.right * x, box.bottom * y)
        clamped = crops.clamp(box, width, height)
        if clamped is None:
            findings.append(Finding("box_outside", 0.0, box))
            continue
        likeness = max((crops.likeness(clamped, earlier) for earlier in boxes), default=0.0)
        if likeness > REPEATED_BOX:
            findings.append(Finding("repeated_box", likeness, box))
        else:
            boxes.append(clamped)
    return boxes, findings


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
