"""Pictures in a folder."""

import os

from tfdogs.data.sources.tree import MAX_BYTES, Entry, TreeSource
from tfdogs.errors import TfdogsError


class FolderSource(TreeSource):
    """The pictures in a folder and its subfolders.

    Symbolic links are not followed: a link to a folder is left out, a link to a picture comes as an item
    with the problem "not_a_regular_file", as do pipes, sockets and devices. The path to the folder itself
    may be a link.

    Args:
        path: the folder.
    """

    def entries(self):
        """Yields every file: those of a folder in order of their names, then those of its subfolders."""
        pending = [""]
        while pending:
            folder = pending.pop()
            files, folders = self._list(folder)
            pending.extend(f"{folder}{entry.name}/" for entry in reversed(folders))
            for entry in files:
                path, problem = folder + entry.name, _problem(entry)
                yield Entry(path, None if problem else path, problem)

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
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as e:
            raise TfdogsError(f"cannot list {self.path / folder}: {e.strerror}") from e
        folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
        return [entry for entry in entries if not entry.is_dir(follow_symlinks=False)], folders


def _problem(entry):
    try:
        if not entry.is_file(follow_symlinks=False):
            return "not_a_regular_file"
        return "file_too_large" if entry.stat(follow_symlinks=False).st_size > MAX_BYTES else None
    except OSError:
        return None  # gone since the listing: `load` says so
