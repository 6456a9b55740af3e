"""Sources whose pictures are files in folders, on disk or inside an archive."""

import abc
import functools
import posixpath
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple, Optional

from tfdogs.data.sources.base import Item, Source
from tfdogs.errors import TfdogsError

MAX_BYTES = 256 * 2**20
# Careless programs stop at a NUL: "x.jpg\\0.txt", as `clean_path` gives it, counts as an (unsafe) picture.
_PICTURE = re.compile(r"\.(jpe?g|jfif|png|bmp|gif|webp|tiff?|p[pg]m)(\\0.*)?$", re.IGNORECASE)


class Entry(NamedTuple):
    """One file of a tree.

    Attributes:
        path: where it lies, parted by "/"; not unique in an archive.
        ref: what `TreeSource.load` needs to read it, or None.
        problem: reason for which it must not be read, or None.
        copy: 1, or 2 and up for later files of the same path.
    """

    path: str
    ref: Any
    problem: Optional[str] = None
    copy: int = 1

    @property
    def name(self):
        """The path, made unique."""
        return self.path if self.copy == 1 else f"{self.path}#{self.copy}"


class Layout(NamedTuple):
    """How the pictures of a tree lie: their number, the folders that directly hold some, and its classes.

    `left_out` counts, by suffix, the files that are no pictures by it; litter and links do not count.
    """

    pictures: int
    folders: frozenset
    classes: frozenset
    left_out: dict


class TreeSource(Source):
    """Base of the sources whose pictures are files in folders: picks the pictures and names their classes.

    A picture's class is the name of the folder that directly holds it, except for the folder at or below
    which all pictures lie: a common root is no class. Where fewer than two class names come out of this
    there are no classes.

    Args:
        path: the folder or archive.
    """

    def __init__(self, path):
        self.path = Path(path)

    def __getstate__(self):
        return {"path": self.path}  # workers only load: no index travels to them

    @abc.abstractmethod
    def entries(self):
        """Yields every file as an `Entry`, always in the same order, without reading it.

        Raises:
            TfdogsError: the tree is truncated or corrupt; what comes before the damage was yielded.
        """

    def loadable(self, wanted):
        """Yields the entries whose path passes the predicate `wanted`, ready for `load`."""
        return (entry for entry in self.entries() if wanted(entry.path))

    def names(self):
        """Yields the names of the items, without reading a picture."""
        return (entry.name for entry in self.entries() if is_picture(entry.path))

    def items(self):
        """Yields every picture as an `Item`; files that are no pictures by their suffix are left out."""
        classes = self.layout.classes
        root = _common_root(self.layout.folders)
        for entry in self.loadable(is_picture):
            folder = entry.path.rpartition("/")[0]
            name = folder.rpartition("/")[2]
            labelled = entry.problem is None and folder != root and name in classes
            yield Item(entry.name, name if labelled else None, entry.ref, problem=entry.problem)

    def left_out(self):
        """Returns the numbers of files that are no pictures by their suffix, as a dict from that suffix."""
        return dict(self.layout.left_out)

    def __len__(self):
        return self.layout.pictures

    @functools.cached_property
    def layout(self):
        """The `Layout` of the readable pictures; files that must not be read have no say in it.

        Raises:
            TfdogsError: the tree is broken before its first picture.
        """
        pictures, folders, left_out = 0, set(), Counter()
        try:
            for entry in self.entries():
                if is_picture(entry.path):
                    pictures += 1
                    if entry.problem is None:
                        folders.add(entry.path.rpartition("/")[0])
                elif not is_litter(entry.path) and entry.problem != "not_a_regular_file":
                    left_out[_suffix(entry.path)] += 1
        except TfdogsError:
            if not pictures:
                raise  # otherwise `items` comes to the same place after the pictures before it
        root = _common_root(folders)
        classes = {folder.rpartition("/")[2] for folder in folders if folder != root}
        classes = frozenset(classes if len(classes) > 1 else ())
        return Layout(pictures, frozenset(folders), classes, dict(left_out))


def is_picture(path):
    """Says whether a file is a picture by its suffix; resource forks of macOS are none."""
    return _PICTURE.search(path) is not None and not is_litter(path)


def is_litter(path):
    """Says whether a file is what macOS leaves beside one's own: `__MACOSX/`, `._x.jpg`, `.DS_Store`."""
    *folders, base = path.split("/")
    return "__MACOSX" in folders or base.startswith("._") or base == ".DS_Store"


def split_name(name):
    """Splits an item's name into its folder and its stem: "a/b/x.jpg" gives ("a/b", "x")."""
    folder, _, base = name.rpartition("/")
    return folder, _PICTURE.sub("", re.sub(r"#\d+$", "", base))


def clean_path(path):
    """Returns the path of an archive's member without "." and empty parts, and its problem, if any.

    The problem is "unsafe_path" for absolute paths, those with "..", a drive letter, a NUL or a backslash.
    """
    unsafe = (
        path.startswith("/")
        or ".." in path.split("/")
        or "\\" in path  # a separator elsewhere
        or "\0" in path
        or re.match("[A-Za-z]:", path) is not None
    )
    if unsafe:
        return path.replace("\0", "\\0"), "unsafe_path"
    return "/".join(part for part in path.split("/") if part not in ("", ".")), None


def number_copies(members):
    """Yields `Entry`s from (path, ref, problem) of an archive's members, numbering those of the same path."""
    copies = Counter()
    for path, ref, problem in members:
        copies[path] += 1
        yield Entry(path, None if problem else ref, problem, copies[path])


def read_at(path, offset, size):
    """Returns `size` bytes of a file from `offset`.

    Raises:
        OSError: the file cannot be read or ends too early.
    """
    with path.open("rb", buffering=0) as f:
        f.seek(offset)
        data = f.read(size)
    if len(data) != size:
        raise OSError(f"{path} ends within the file at {offset}: expected {size} bytes, found {len(data)}")
    return data


def _suffix(path):
    """Returns ".txt" and the like in lower case, or "others" for what does not look like a suffix."""
    found = re.search(r"[^/](\.[a-z0-9_]{1,10})$", path.lower())
    return found[1] if found else "others"


def _common_root(folders):
    return posixpath.commonpath(folders) if folders else ""
