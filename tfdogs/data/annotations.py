"""Boxes round dogs: PASCAL VOC XML from a folder or an archive, joined to pictures by their names."""

import functools
import itertools
import math
import re
from collections import Counter
from typing import NamedTuple, Optional
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from tfdogs.data.names import class_name_of, normalized
from tfdogs.data.pictures import BadPicture
from tfdogs.data.sources.base import Box, counted
from tfdogs.data.sources.detect import open_tree
from tfdogs.data.sources.tree import LINK, is_litter, is_picture, programs_folder, split_name, suffix_of
from tfdogs.errors import UsageError

_MAX_BYTES = 2**20  # VOC files have a few hundred bytes
_SUFFIX = re.compile(r"\.xml$", re.IGNORECASE)
_ENCODING = re.compile(rb"""<\?xml[^>]{0,80}?encoding=["']([A-Za-z0-9._-]{1,40})["']""")


class Annotation(NamedTuple):
    """What one VOC file says of its picture.

    Attributes:
        boxes: tuple of `Box`es, one an object, in pixels of `frame`. What is no box in the file is none by
            `is_box` either, so that it can be told from the good ones beside it.
        class_name: the class of the picture, or None where its objects bear no name or several.
        frame: (width, height) from its `<size>`, or None where that is missing or 0.
        bad: True where the file cannot be parsed or none of its boxes is one; the rest is empty then.
        detail: what is wrong with a bad one and what to do, for people.
    """

    boxes: tuple = ()
    class_name: Optional[str] = None
    frame: Optional[tuple] = None
    bad: bool = False
    detail: str = ""


class Annotations:
    """The VOC annotations in a folder (with its subfolders), a tar or a zip archive.

    Annotations are the files with the suffix `.xml`; where there are none, the files without a suffix
    (as in Stanford Dogs' `annotation.tar`).

    An annotation belongs to the picture of the same stem; names are compared in Unicode's form NFC. Where
    several pictures or several annotations have that stem, the folder that holds them must be the same too,
    then that folder's folder, and so on until one of each is left. What is left over is then compared without
    case, and `x.jpg.xml` as `x.xml`.

    The files are listed at once and parsed when they are asked for.

    Attributes:
        tree: the folder or archive as a `TreeSource`, for `read`.
        left_out: numbers of files beside the annotations, by suffix; links that are not followed as "links",
            and what lies in folders that programs keep for themselves by the folder's name.

    Args:
        path: the folder or archive.

    Raises:
        UsageError: there is no such folder or archive, or it holds no annotations.
        TfdogsError: the archive is truncated or corrupt.
    """

    def __init__(self, path):
        tree = open_tree(path, flag="annotations")
        files = [entry for entry in tree.entries() if not is_litter(entry.path)]
        own = [entry.path for entry in files if not programs_folder(entry.path)]
        wanted = {path for path in own if _SUFFIX.search(path)}
        wanted = wanted or {path for path in own if "." not in path.rpartition("/")[2]}
        if not wanted:
            found = f" but {counted(Counter(suffix_of(entry.path) for entry in files))}" if files else ""
            raise UsageError(f"--annotations holds no VOC XML{found}. Received: --annotations={path}")
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
        pictures = {split_name(name) for name in names}  # x.jpg and x.png share an annotation
        result = _match(self._entries, pictures, exact=True)
        used = {entry.name for entry in result.values()}
        rest = [entry for entry in self._entries if entry.name not in used]
        return {**result, **_match(rest, pictures - result.keys(), exact=False)}

    def why_none(self, stem):
        """Returns why a picture of this stem has no annotation, for people."""
        count = self._stems[stem.casefold()]
        if not count:
            return f"no annotation of the name {stem} or {stem}.xml"
        some = f"one of {count} annotations" if count > 1 else "the annotation"
        return f"cannot tell whether {some} {stem}.xml is its own: give both the same folders"

    @functools.cached_property
    def _stems(self):
        names = (_SUFFIX.sub("", entry.path) for entry in self._entries)
        return Counter(split_name(name)[1].casefold() for name in names)


def read(tree, entry):
    """Reads an annotation that `Annotations.join` found.

    Args:
        tree: `Annotations.tree`.
        entry: the `Entry`.

    Returns:
        An `Annotation`, a `bad` one where it cannot be read.
    """
    if entry.problem is not None:
        return _bad(f"{entry.path}: {entry.problem}: {entry.detail}")
    try:
        return parse_voc(tree.load(entry), entry.path)
    except (BadPicture, OSError, ValueError) as e:
        return _bad(f"{entry.path}: {e}")


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
        data: bytes of the XML file; entity declarations are refused, namespaces do not count.
        path: where the annotation lies; its stem is that of the picture.

    Returns:
        An `Annotation`; one that cannot be parsed is `bad`, and so is one all of whose boxes have coordinates
        that are missing, no numbers, inverted or without area.
    """
    try:
        if len(data) > _MAX_BYTES:
            raise ValueError(f"over {_MAX_BYTES} bytes, too large for an annotation")
        root = _parsed(data.lstrip())
    except DefusedXmlException:  # it would open files, or grow without a bound
        return _bad(f"{path}: declares entities, which are refused: remove its DOCTYPE")
    except ParseError as e:
        if not _is_utf8(data) and not _ENCODING.match(data):
            return _bad(f"{path}: is not UTF-8 and names no encoding: save it as UTF-8")
        return _bad(f"{path}: broken XML, {e}: mend or remove it")
    except (ValueError, LookupError) as e:
        return _bad(f"{path}: {e}")
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # of "{namespace}tag"
    sides = [root.findtext(f"size/{side}") or "0" for side in ("width", "height")]
    width, height = map(_number, sides)
    if not (0 <= width < math.inf and 0 <= height < math.inf):
        return _bad(
            f"{path}: its <size> is {' x '.join(sides)}: mend it, or remove it if boxes are in pixels"
        )
    boxes = tuple(_box(obj.find("bndbox")) for obj in root.iterfind("object"))
    if boxes and not any(map(is_box, boxes)):
        return _bad(f"{path}: {fault_of(boxes[0])}: mend it")
    names = {(text or "").strip() for text in (obj.findtext("name") for obj in root.iterfind("object"))}
    if (root.findtext("folder") or "").strip() == "OXIIIT":
        names = {re.sub(r"_\d+$", "", _SUFFIX.sub("", path.rpartition("/")[2]))}
    names = set(map(class_name_of, names))
    class_name = names.pop() if len(names) == 1 else None
    return Annotation(boxes, class_name or None, (width, height) if width and height else None)


def _parsed(data):
    """Returns the root of an XML file's bytes, also in encodings of East Asia, which expat does not know."""
    declared = _ENCODING.match(data)
    try:
        return fromstring(data)
    except (ValueError, LookupError):
        if declared is None:
            raise
        return fromstring(data.decode(declared[1].decode("ascii")))


def _is_utf8(data):
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _count_others(entries):
    """Returns the numbers of files that are neither annotations nor pictures, by suffix or hidden folder."""
    others = (entry for entry in entries if entry.problem == LINK or not is_picture(entry.path))
    return dict(
        Counter(
            "links" if entry.problem == LINK else programs_folder(entry.path) or suffix_of(entry.path)
            for entry in others
        )
    )


def fault_of(box):
    """Returns what is wrong with a `Box` that is none, for people."""
    if not all(map(math.isfinite, box)):
        return "a coordinate of the box is missing or no number"
    if box.left == box.right or box.top == box.bottom:
        return "the box has no area"
    return "the corners of the box are swapped (xmin over xmax, or ymin over ymax)"


def _match(entries, pictures, *, exact):
    """Finds the annotations of pictures; see `Annotations`.

    Args:
        entries: `Entry`s of annotations.
        pictures: set of (folder, stem).
        exact: whether case counts, and a picture's suffix before `.xml`.

    Returns:
        A dict from (folder, stem) to `Entry`.
    """
    plain = (lambda text: text) if exact else str.casefold
    by_key, result = {}, {}
    for entry in entries:
        folder, _, base = normalized(entry.path).rpartition("/")
        stem = _SUFFIX.sub("", base)
        for key in _keys(plain(folder), plain(stem if exact else split_name(stem)[1])):
            by_key.setdefault(key, []).append(entry)
    keys = {picture: list(_keys(*map(plain, picture))) for picture in pictures}
    counts = Counter(itertools.chain.from_iterable(keys.values()))
    for picture in pictures:
        for key in keys[picture]:
            found = by_key.get(key, ())
            if len(found) == 1 and counts[key] == 1:
                result[picture] = found[0]
                break
    return result


def _bad(detail):
    return Annotation(bad=True, detail=" ".join(detail.split())[:200])


def _box(bounds):
    """Returns the `Box` of a <bndbox>, None included; what is none there is none here."""
    sides = ("xmin", "ymin", "xmax", "ymax")
    corners = Box(*(_number(bounds.findtext(side)) if bounds is not None else math.nan for side in sides))
    if not is_box(corners):
        return corners
    return Box(corners.left - 1, corners.top - 1, corners.right, corners.bottom)


def _number(text):
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def _keys(folder, stem):
    """Yields "stem", "parent/stem", "grandparent/parent/stem" and so on: each tells more apart."""
    parts = folder.split("/") if folder else []
    return ("/".join([*parts[len(parts) - depth :], stem]) for depth in range(len(parts) + 1))
