"""Images that were drawn before a command was stopped, for the same command to go on with."""

import json

from tfdogs.aside import hidden_beside, place, remove
from tfdogs.errors import TfdogsError, UsageError, with_path
from tfdogs.sampling.images import image_name
from tfdogs.sampling.output import SEEDS_FILE
from tfdogs.sampling.stored_zip import StoredZip

_PLAN = "plan.json"
_PNG_END = b"IEND\xaeB`\x82"


class Unfinished:
    """The folder `.NAME.unfinished` beside an output: its images until all are there, and their plan.

    Args:
        output: path of the folder or zip that they are to become.
        plan: dict of what decides the images, of values that JSON knows.
        overwrite: whether what is there of another plan may be thrown away.

    Attributes:
        images: Path of the folder, or zip, of images.

    Raises:
        UsageError: images of another plan are there, without `overwrite`.
        TfdogsError: the disk refuses.
    """

    def __init__(self, output, plan, *, overwrite=False):
        self._output = place(output)
        self.folder = self._output.with_name(f".{self._output.name}.unfinished")
        self.images = self.folder / "images"
        try:
            changed = self._changed(json.loads(json.dumps(plan)))
            if changed and overwrite:
                remove(self.folder)
            elif changed:
                raise UsageError(
                    f"{self.folder} holds images of a command that was stopped and was another one "
                    f"({'; '.join(changed)}): give its flags, or remove the folder, or --overwrite it"
                )
            if not (self.folder / _PLAN).is_file():
                self.folder.mkdir(parents=True, exist_ok=True)
                with hidden_beside(self.folder / _PLAN) as hidden:
                    hidden.write_text(json.dumps(plan, indent=2) + "\n", encoding="utf-8")
                    hidden.replace(self.folder / _PLAN)
        except OSError as e:
            raise TfdogsError(f"cannot write {self.folder}: {with_path(e)}") from e

    def finish(self):
        """Puts the images, all of which are there, in the place of the output."""
        with hidden_beside(self._output) as hidden:
            if self._output.is_dir():
                self._output.rename(hidden.with_suffix(".old"))
            self.images.replace(self._output)
        remove(self.folder)

    def discard(self):
        """Removes the images."""
        remove(self.folder)

    def _changed(self, plan):
        """Returns a clause for each thing in which the plan that is there is another one."""
        path = self.folder / _PLAN
        try:
            before = dict(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return []
        except ValueError:
            return [f"{_PLAN} is damaged"]
        names = [name for name in dict.fromkeys((*before, *plan)) if before.get(name) != plan.get(name)]
        return [f"{name}: {before.get(name)} there, {plan.get(name)} now" for name in names]


def whole_images(folder):
    """Returns how many images, from the first on, a folder has whole."""
    count = 0
    while _is_whole(folder / image_name(count)):
        count += 1
    return count


class FolderOfImages:
    """Images as a folder with `image_00000.png` and on. A context manager.

    Args:
        path: of the folder; made where it is not there, else gone on with.

    Attributes:
        count: images that are there.
    """

    def __init__(self, path):
        self._path = path
        path.mkdir(exist_ok=True)
        (path / SEEDS_FILE).unlink(missing_ok=True)
        self.count = whole_images(path)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        pass

    def add(self, png):
        """Writes the next image, bytes of a PNG file."""
        (self._path / image_name(self.count)).write_bytes(png)
        self.count += 1


class ZipOfImages:
    """Images as a zip that holds nothing else. A context manager: it is complete when the body ends well.

    Args:
        path: of the zip; made where it is not there, else gone on with.

    Attributes:
        count: images that are there.
    """

    def __init__(self, path):
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._archive = StoredZip.resumed(self._file)

    @property
    def count(self):
        return self._archive.entries

    def __enter__(self):
        self._archive.__enter__()
        return self

    def __exit__(self, kind, error, trace):
        with self._file:
            self._archive.__exit__(kind, error, trace)

    def add(self, png):
        """Writes the next image, bytes of a PNG file; what is counted is in the file."""
        self._archive.add(image_name(self.count), png)
        self._file.flush()


def _is_whole(path):
    try:
        with path.open("rb") as file:
            file.seek(-len(_PNG_END), 2)
            return file.read() == _PNG_END
    except OSError:  # not there, or shorter
        return False
