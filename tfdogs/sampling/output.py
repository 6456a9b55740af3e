"""Where images go: checked before any work, written aside, renamed when complete."""

import contextlib
import re
import secrets
import shutil
from pathlib import Path

from tfdogs.errors import TfdogsError, UsageError

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


@contextlib.contextmanager
def replacing(output, *, folder=False):
    """Gives a hidden path beside `output` to write to, which takes its place when the body ends well.

    Where the body raises, nothing is left and `output` stays as it was; a killed process leaves a hidden
    `.NAME.RANDOM.partial`.

    Args:
        output: path of the file or folder; missing parents are created.
        folder: True for a folder, which is given empty; False, the default, for a file.

    Raises:
        TfdogsError: the disk refuses.
    """
    output = Path(output).absolute()
    # Drawn, because two containers that share a disk may share a process number too.
    hidden = f".{output.name}.{secrets.token_hex(4)}"
    aside, old = (output.with_name(f"{hidden}.{end}") for end in ("partial", "old"))
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        if folder:
            aside.mkdir()
        yield aside
        if folder and output.exists():
            output.rename(old)
        aside.replace(output)
    except OSError as e:
        raise TfdogsError(f"cannot write {output}: {e.strerror or e}") from e
    finally:
        if old.exists() and not output.exists():
            old.rename(output)
        _remove(old)
        _remove(aside)


def _foreign(folder):
    names = sorted(path.name for path in folder.iterdir())
    return next((name for name in names if not _OURS.fullmatch(name)), None)


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
