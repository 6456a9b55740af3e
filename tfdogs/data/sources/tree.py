"""Sources whose pictures are files in folders, on disk or inside an archive."""

import abc
import functools
import posixpath
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple, Optional

from tfdogs.data.names import class_name_of, normalized
from tfdogs.data.sources.base import Item, LeftOut, Source
from tfdogs.errors import TfdogsError

MAX_BYTES = 256 * 2**20
LINK = "link"  # the problem of links that are not followed
SHEET = "sheet"  # that of the sheets that `tfdogs.prepare` draws
_PROGRAMS_FOLDERS = ("@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found")
# Careless programs stop at a NUL: "x.jpg\\0.txt", as `clean_path` gives it, counts as an (unsafe) picture.
_PICTURE = re.compile(r"\.(jpe?g|jfif|png|bmp|gif|webp|avif|tiff?|p[pg]m)(\\0.*)?$", re.IGNORECASE)


class Entry(NamedTuple):
    """One file or folder of a tree.

    Attributes:
        path: where it lies, parted by "/"; not unique in an archive.
        ref: what `TreeSource.load` needs to read it, or None.
        problem: reason for which it must not be read, or None; "link" for a link that is not followed.
        copy: 1, or 2 and up for later files of the same path.
        detail: more about the problem, for people: what it is and what to do.
        folder: True for a folder; a link that is not followed is none.
    """

    path: str
    ref: Any
    problem: Optional[str] = None
    copy: int = 1
    detail: str = ""
    folder: bool = False

    @property
    def name(self):
        """The path, made unique."""
        return self.path if self.copy == 1 else f"{self.path}#{self.copy}"


class Layout(NamedTuple):
    """How the pictures of a tree lie, and what else is in it.

    Attributes:
        pictures: number of items.
        folders: paths of the folders that directly hold readable pictures.
        classes: class names.
        left_out: numbers of files that are no pictures by their suffix, by that suffix; without litter.
        litter: number of files that macOS leaves behind.
        empty: paths, sorted, of the topmost folders at or below which there is no item.
        programs: numbers of files in folders that programs keep for themselves, by the folder's name.
    """

    pictures: int
    folders: frozenset
    classes: frozenset
    left_out: dict
    litter: int
    empty: tuple
    programs: dict


class TreeSource(Source):
    """Base of the sources whose pictures are files in folders: picks the pictures and names their classes.

    A picture's class is the name, in NFC, of the folder that directly holds it, except for the folder at or
    below which all pictures lie: a common root is no class. Where fewer than two class names come out of this
    there are no classes. What is in folders that programs keep for themselves is left out, see
    `programs_folder`.

    Args:
        path: the folder or archive.
    """

    def __init__(self, path):
        self.path = Path(path)

    def __getstate__(self):
        return {"path": self.path}  # workers only load: no index travels to them

    @abc.abstractmethod
    def listing(self):
        """Yields every file and folder as an `Entry`, always in the same order, without reading it.

        Raises:
            TfdogsError: the tree is truncated or corrupt; what comes before the damage was yielded.
        """

    def entries(self):
        """Yields every file; otherwise as `listing`."""
        return (entry for entry in self.listing() if not entry.folder)

    def loadable(self, wanted):
        """Yields the files whose `Entry` passes the predicate `wanted`, ready for `load`."""
        return (entry for entry in self.entries() if wanted(entry))

    def names(self):
        """Yields the names of the items, without reading a picture."""
        return (entry.name for entry in self.entries() if is_item(entry))

    def items(self):
        """Yields every picture as an `Item`, and every link that is not followed as one with a problem.

        Files that are no pictures by their suffix are left out.
        """
        classes = self.layout.classes
        root = _common_root(self.layout.folders)
        for entry in self.loadable(is_item):
            folder = entry.path.rpartition("/")[0]
            name = _class_of(folder)
            labelled = entry.problem is None and folder != root and name in classes
            name = name if labelled else None
            yield Item(entry.name, name, entry.ref, problem=entry.problem, detail=entry.detail)

    def left_out(self):
        """Returns what is no item: see `tfdogs.data.sources.base.Source.left_out`."""
        layout = self.layout
        return LeftOut(dict(layout.left_out), layout.litter, layout.empty, programs=layout.programs)

    def __len__(self):
        return self.layout.pictures

    @functools.cached_property
    def layout(self):
        """The `Layout` of the readable pictures; files that must not be read have no say in it.

        Raises:
            TfdogsError: the tree is broken before its first picture.
        """
        pictures, litter, left_out, programs = 0, 0, Counter(), Counter()
        folders, holding, every = set(), set(), set()
        try:
            for entry in self.listing():
                folder = entry.path.rpartition("/")[0]
                its_folder = programs_folder(entry.path + "/" * entry.folder)
                if its_folder or is_litter(entry.path):
                    litter += not (entry.folder or its_folder)
                    programs[its_folder] += bool(its_folder) and not entry.folder
                    continue
                every.add(entry.path if entry.folder else folder)
                if is_item(entry):
                    pictures += 1
                    holding.add(folder)
                    if entry.problem is None:
                        folders.add(folder)
                elif not entry.folder:
                    left_out["sheet of a data_dir" if entry.problem == SHEET else suffix_of(entry.path)] += 1
        except TfdogsError:
            if not pictures:
                raise  # otherwise `items` comes to the same place after the pictures before it
        root = _common_root(folders)
        classes = {_class_of(folder) for folder in folders if folder != root}
        classes = frozenset(classes if len(classes) > 1 else ())
        empty = _topmost(_with_parents(every) - _with_parents(holding))
        return Layout(pictures, frozenset(folders), classes, dict(left_out), litter, empty, dict(+programs))


def is_item(entry):
    """Says whether an `Entry` becomes an item: a picture by its suffix, or a link that is not followed."""
    if entry.folder or is_litter(entry.path) or programs_folder(entry.path):
        return False
    return entry.problem == LINK or (entry.problem != SHEET and is_picture(entry.path))


def is_picture(path):
    """Says whether a file is a picture by its suffix; resource forks of macOS are none."""
    return _PICTURE.search(path) is not None and not is_litter(path)


def is_litter(path):
    """Says whether a file is what macOS leaves beside one's own: `__MACOSX/`, `._x.jpg`, `.DS_Store`."""
    *_, base = parts = path.split("/")
    return "__MACOSX" in parts or base.startswith("._") or base == ".DS_Store"


def programs_folder(path):
    """Returns the name of a file's outermost folder that is no one's own, "" where there is none.

    Such are hidden folders, as `.ipynb_checkpoints`, and those in which computers keep thumbnails and what
    was thrown away: copies of the pictures that are nobody's class.
    """
    return next((part for part in path.split("/")[:-1] if _is_programs(part)), "")


def _is_programs(folder):
    return folder in _PROGRAMS_FOLDERS or (folder.startswith(".") and folder.strip(".") != "")


def split_name(name):
    """Splits an item's name, in NFC, into its folder and its stem: "a/b/x.jpg" gives ("a/b", "x")."""
    folder, _, base = normalized(name).rpartition("/")
    return folder, _PICTURE.sub("", re.sub(r"#\d+$", "", base))


def clean_path(path):
    """Returns (path, problem, detail) of an archive's member, its path without "." and empty parts.

    The problem is "unsafe_path" for absolute paths, those with "..", a drive letter, a NUL or a backslash.
    """
    unsafe = {
        "begins with /": path.startswith("/"),
        "has a part ..": ".." in path.split("/"),
        "has a backslash, a separator on Windows": "\\" in path,
        "has a NUL": "\0" in path,
        "begins with a drive's letter": re.match("[A-Za-z]:", path) is not None,
    }
    for why, found in unsafe.items():
        if found:
            return path.replace("\0", "\\0"), "unsafe_path", f"the name {why}: pack with relative paths"
    return "/".join(part for part in path.split("/") if part not in ("", ".")), None, ""


def too_large(size):
    """Returns (problem, detail) of a file of this size, (None, "") where it is small enough."""
    if size <= MAX_BYTES:
        return None, ""
    return "file_too_large", f"{size} bytes; at most {MAX_BYTES} are read"


def number_copies(members):
    """Yields the `Entry`s of an archive's members, the files of the same path numbered."""
    copies = Counter()
    for entry in members:
        if not entry.folder:
            copies[entry.path] += 1
            entry = entry._replace(ref=None if entry.problem else entry.ref, copy=copies[entry.path])
        yield entry


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


def suffix_of(path):
    """Returns ".txt" and the like in lower case, or "others" for what does not look like a suffix."""
    found = re.search(r"[^/](\.[a-z0-9_]{1,10})$", path.lower())
    return found[1] if found else "others"


def _class_of(folder):
    return class_name_of(folder.rpartition("/")[2])


def _with_parents(folders):
    """Returns the folders and all that they lie in, without the root."""
    found = set()
    for folder in folders:
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _topmost(folders):
    return tuple(sorted(folder for folder in folders if folder.rpartition("/")[0] not in folders))


def _common_root(folders):
    return posixpath.commonpath(folders) if folders else ""
