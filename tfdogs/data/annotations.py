"""Boxes round dogs: PASCAL VOC XML from a folder or an archive, joined to pictures by their names."""

import math
import re
from collections import Counter
from typing import NamedTuple, Optional
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import fromstring

from tfdogs.data.names import normalized
from tfdogs.data.pictures import BadPicture
from tfdogs.data.sources.base import Box
from tfdogs.data.sources.detect import open_tree
from tfdogs.data.sources.tree import LINK, is_litter, is_picture, split_name, suffix_of
from tfdogs.errors import UsageError

_MAX_BYTES = 2**20  # VOC files have a few hundred bytes
_SUFFIX = re.compile(r"\.xml$", re.IGNORECASE)


class Annotation(NamedTuple):
    """What one VOC file says of its picture.

    Attributes:
        boxes: tuple of `Box`es, one an object, in pixels of `frame`.
        class_name: the class of the picture, or None where its objects bear no name or several.
        frame: (width, height) from its `<size>`, or None where that is missing or 0.
        bad: True where the file cannot be parsed or a box is no box; the rest is empty then.
    """

    boxes: tuple = ()
    class_name: Optional[str] = None
    frame: Optional[tuple] = None
    bad: bool = False


class Annotations:
    """The VOC annotations in a folder (with its subfolders), a tar or a zip archive.

    Annotations are the files with the suffix `.xml`; where there are none, the files without a suffix
    (as in Stanford Dogs' `annotation.tar`).

    An annotation belongs to the picture of the same stem; names are compared in Unicode's form NFC. Where
    several pictures or several annotations have that stem, the folder that holds them must be the same too,
    then that folder's folder, and so on until one of each is left.

    The files are listed at once and parsed when they are asked for.

    Attributes:
        tree: the folder or archive as a `TreeSource`, for `read`.
        left_out: numbers of files beside the annotations, by suffix; links that are not followed as "links".

    Args:
        path: the folder or archive.

    Raises:
        UsageError: there is no such folder or archive, or it holds no annotations.
        TfdogsError: the archive is truncated or corrupt.
    """

    def __init__(self, path):
        tree = open_tree(path, flag="annotations")
        files = [entry for entry in tree.entries() if not is_litter(entry.path)]
        wanted = {entry.path for entry in files if _SUFFIX.search(entry.path)}
        wanted = wanted or {entry.path for entry in files if "." not in entry.path.rpartition("/")[2]}
        if not wanted:
            raise UsageError(f"--annotations holds no VOC XML. Received: --annotations={path}")
        self.tree = tree
        self.left_out = _count_others(entry for entry in files if entry.path not in wanted)
        self._entries = list(tree.loadable(lambda entry: entry.path in wanted))

    def __len__(self):
        return len(self._entries)

    def names(self):
        """Returns the names of all annotations, in their order."""
        return [entry.name for entry in self._entries]

    def join(self, names):
        """Finds the annotations of pictures.

        Args:
            names: the names of all pictures of a source.

        Returns:
            A dict from (folder, stem) of a picture, as `split_name` gives them, to the `Entry` of its
            annotation; pictures without one are not in it.
        """
        by_key = {}
        for entry in self._entries:
            folder, _, base = normalized(entry.path).rpartition("/")
            for key in _keys(folder, _SUFFIX.sub("", base)):
                by_key.setdefault(key, []).append(entry)
        pictures = {split_name(name) for name in names}  # x.jpg and x.png share an annotation
        counts = Counter(key for picture in pictures for key in _keys(*picture))
        result = {}
        for picture in pictures:
            for key in _keys(*picture):
                entries = by_key.get(key, ())
                if len(entries) == 1 and counts[key] == 1:
                    result[picture] = entries[0]
                    break
        return result


def read(tree, entry):
    """Reads an annotation that `Annotations.join` found.

    Args:
        tree: `Annotations.tree`.
        entry: the `Entry`.

    Returns:
        An `Annotation`, a `bad` one where it cannot be read.
    """
    try:
        if entry.problem is None:
            return parse_voc(tree.load(entry), entry.path)
    except (BadPicture, OSError, ValueError):
        pass
    return Annotation(bad=True)


def is_box(box):
    """Says whether a `Box` is finite and has an area."""
    return all(map(math.isfinite, box)) and box.left < box.right and box.top < box.bottom


def parse_voc(data, path):
    """Parses a VOC annotation.

    VOC counts pixels from 1 and includes the last, so xmin, ymin, xmax, ymax become the
    `Box(xmin - 1, ymin - 1, xmax, ymax)`. Boxes may reach outside their picture.

    The class is the name that all objects bear. Oxford-IIIT Pet (`<folder>OXIIIT</folder>`) names only
    "cat" and "dog" and keeps the breed in the file's name: there `american_bulldog_10` gives
    `american_bulldog`.

    Args:
        data: bytes of the XML file; entity declarations are refused.
        path: where the annotation lies; its stem is that of the picture.

    Returns:
        An `Annotation`; one that cannot be parsed, or has a box whose coordinates are no numbers,
        inverted or without area, is `bad`.
    """
    try:
        if len(data) > _MAX_BYTES:
            raise ValueError("too large")
        root = fromstring(data)
        boxes = tuple(_box(bounds) for bounds in root.iterfind("object/bndbox"))
        width, height = (float(root.findtext(f"size/{side}") or 0) for side in ("width", "height"))
        if not (0 <= width < math.inf and 0 <= height < math.inf):
            raise ValueError("bad size")
    except (ParseError, ValueError, LookupError):  # defusedxml's own are ValueErrors
        return Annotation(bad=True)
    names = {(text or "").strip() for text in (obj.findtext("name") for obj in root.iterfind("object"))}
    if (root.findtext("folder") or "").strip() == "OXIIIT":
        names = {re.sub(r"_\d+$", "", _SUFFIX.sub("", path.rpartition("/")[2]))}
    names = set(map(normalized, names))
    class_name = names.pop() if len(names) == 1 else None
    return Annotation(boxes, class_name or None, (width, height) if width and height else None)


def _count_others(entries):
    """Returns, by suffix, the numbers of files that are neither annotations nor pictures."""
    others = (entry for entry in entries if entry.problem == LINK or not is_picture(entry.path))
    return dict(Counter("links" if entry.problem == LINK else suffix_of(entry.path) for entry in others))


def _box(bounds):
    sides = ("xmin", "ymin", "xmax", "ymax")
    xmin, ymin, xmax, ymax = (float(bounds.findtext(side) or "nan") for side in sides)
    if not is_box(Box(xmin, ymin, xmax, ymax)):
        raise ValueError("no box")
    return Box(xmin - 1, ymin - 1, xmax, ymax)


def _keys(folder, stem):
    """Yields "stem", "parent/stem", "grandparent/parent/stem" and so on: each tells more apart."""
    parts = folder.split("/") if folder else []
    return ("/".join([*parts[len(parts) - depth :], stem]) for depth in range(len(parts) + 1))
