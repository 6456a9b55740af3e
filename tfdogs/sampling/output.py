"""Where images go: checked before any work, then written as `tfdogs.aside` does it."""

import re
from pathlib import Path

from tfdogs.aside import replacing as replacing
from tfdogs.errors import UsageError

SEEDS_FILE = "seeds.csv"
_OURS = re.compile(r"image_\d{5,}\.png|" + re.escape(SEEDS_FILE))


def check(output, *, folder, overwrite, flag="output", command="tfdogs.generate", foreign=None):
    """Refuses an output that cannot be written or must not be replaced.

    Args:
        output: path of the file or folder.
        folder: whether it is to be a folder.
        overwrite: whether one that is there may be replaced; a folder only if it holds nothing but what
            `command` wrote. None where the command never replaces one.
        flag: name of the flag that gave it, for errors. Default "output".
        command: name of the command, for errors. Default "tfdogs.generate".
        foreign: of a folder, returns the name of something in it that the command did not write, or None.
            Default: anything but images and seeds.

    Raises:
        UsageError: it cannot.
    """
    output, given = Path(output), f"--{flag}={output}"
    ancestor = next(parent for parent in output.absolute().parents if parent.exists())
    if not ancestor.is_dir():
        raise UsageError(f"{given} cannot be made: {ancestor} is a file")
    if not output.exists() and not output.is_symlink():
        return
    if output.is_dir() != folder:
        raise UsageError(f"{given} is a {'file' if folder else 'folder'} already; choose another")
    if folder:
        if not any(output.iterdir()):
            return
        stranger = (foreign or _foreign)(output) if overwrite else None
        if stranger is not None:
            raise UsageError(f"--overwrite replaces only folders of {command}, and {given} holds {stranger}")
    if not overwrite:
        way = "remove it" if overwrite is None else "--overwrite it"
        raise UsageError(f"{given} is there already; choose another, or {way}")


def _foreign(folder):
    names = sorted(path.name for path in folder.iterdir())
    return next((name for name in names if not _OURS.fullmatch(name)), None)
