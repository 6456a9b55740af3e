"""Pictures in a folder."""

import os
from pathlib import Path
from typing import NamedTuple

from tfdogs.data.sources.tree import LINK, MAX_BYTES, SHEET, Entry, TreeSource, programs_folder, too_large
from tfdogs.errors import TfdogsError


class FolderSource(TreeSource):
    """The pictures in a folder and its subfolders.

    Symbolic links that stay within the folder are followed, a folder by at most one link, so that neither a
    loop nor links to links multiply it. A link that leads out of the folder, back to a folder that holds it,
    to one that another link has led to, or to nothing, is an item with the problem "link", whose detail says
    which. Pipes, sockets and devices have the problem "not_a_regular_file", the sheets in a data_dir of ours
    are left out. The path to the folder itself may be a link. Folders that programs keep for
    themselves (`tree.programs_folder`) may be closed to us.

    Args:
        path: the folder.
    """

    def listing(self):
        """Yields every file and folder: the files of a folder by name, then its subfolders with theirs."""
        root = os.path.realpath(self.path)
        pending, linked = [_Folder("", root, (root,), False)], set()
        while pending:
            folder = pending.pop()
            if folder.shown:
                yield Entry(folder.shown[:-1], None, folder=True)
            below, inside = [], self._list(folder.shown)
            sheets = _sheets({entry.name for entry in inside})
            for entry in inside:
                if entry.name in sheets:
                    yield Entry(folder.shown + entry.name, None, SHEET)
                    continue
                found = _look(entry, folder, root, linked)
                if isinstance(found, _Folder):
                    below.append(found)
                else:
                    yield found
            pending.extend(reversed(below))

    def load(self, item):
        """Returns a picture's bytes.

        Raises:
            OSError: the file cannot be read.
        """
        with (self.path / item.ref).open("rb") as f:
            return f.read(MAX_BYTES)

    def _list(self, folder):
        try:
            with os.scandir(self.path / folder) as scan:
                return sorted(scan, key=lambda entry: entry.name)
        except OSError as e:
            if programs_folder(folder):  # such as lost+found, which is root's
                return []
            raise TfdogsError(f"cannot list {self.path / folder}: {e.strerror}") from e


class _Folder(NamedTuple):
    """A folder that is to be listed.

    Attributes:
        shown: its path within the source, with a "/" at its end; "" for the root.
        real: its path without links.
        chain: the real paths of the folders through which it was reached, itself included.
        by_link: whether one of them was reached by a link.
    """

    shown: str
    real: str
    chain: tuple
    by_link: bool


def _sheets(names):
    """Returns which of the files of a folder, by name, are sheets that `tfdogs.prepare` has drawn."""
    ours = "dataset.json" in names and any(name.endswith(".tfrecord") for name in names)
    return {"preview.png", "rejects.png"} & names if ours else set()


def _look(entry, folder, root, linked):
    """Returns the `_Folder` or the `Entry` that an `os.DirEntry` is.

    Args:
        entry: the `os.DirEntry`.
        folder: the `_Folder` that holds it.
        root: real path of the source's folder.
        linked: real paths of the folders that links have led to; the new one is added.
    """
    path = folder.shown + entry.name
    is_link = entry.is_symlink()
    if is_link:
        real, why = _follow(entry.path, folder, root)
        if why:
            return Entry(path, None, LINK, detail=why)
    try:
        if not entry.is_dir():
            problem, detail = _problem(entry)
            return Entry(path, None if problem else path, problem, detail=detail)
    except OSError:
        return Entry(path, path)  # gone since the listing: `load` says so
    real = real if is_link else str(Path(folder.real, entry.name))
    by_link = folder.by_link or is_link
    if by_link and real in linked:
        return Entry(path, None, LINK, detail=f"leads to {real}, which another link has led to")
    if by_link:
        linked.add(real)
    return _Folder(f"{path}/", real, (*folder.chain, real), by_link)


def _follow(path, folder, root):
    """Returns (real path of what the link at `path` leads to, why it is not followed or "" where it is)."""
    real = ""
    try:
        real = os.path.realpath(path)
        Path(real).stat()
    except FileNotFoundError:
        return real, f"leads to {real}, which does not exist"
    except OSError as e:  # links in a circle, too long a name, a folder that is closed to us
        return real, f"cannot be followed: {e.strerror}"
    if real in folder.chain or real in map(str, Path(folder.real).parents):
        return real, f"leads back to {real}, which holds it"
    if root not in map(str, Path(real).parents):
        return real, f"leads to {real}, outside of the folder: put the files there in its place"
    return real, ""


def _problem(entry):
    """Returns (problem, detail) of a file, or of the file that a link leads to."""
    if not entry.is_file():
        return "not_a_regular_file", "a pipe, a socket or a device"
    return too_large(entry.stat().st_size)
