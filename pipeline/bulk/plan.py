"""What a folder of unfinished work is to become, so that only the same command goes on with it."""

import json
from pathlib import Path

from pipeline.core.aside import aside
from tfdogs.errors import UsageError

FILE_NAME = "plan.json"
GOES_ON = "the same command goes on with the rest"


def begin(folder, plan, *, flag):
    """Makes a folder for a plan, or goes on with the one that is there.

    Args:
        folder: where the work is done; missing parents are created.
        plan: dict of what decides the result, of values that JSON knows.
        flag: name of the flag that gave the folder, for errors.

    Raises:
        UsageError: it is no folder, or holds another plan's work or other files.
        TfdogsError: the disk refuses.
    """
    folder, given = Path(folder), f"--{flag}={folder}"
    ancestor = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not ancestor.is_dir():
        raise UsageError(f"{given} cannot be made: {ancestor} is a file")
    path = folder / FILE_NAME
    if folder.exists() and not path.is_file():
        # A hidden plan is one whose writer was killed.
        found = min((entry.name for entry in folder.iterdir() if not entry.name.startswith(".")), default="")
        if found:
            raise UsageError(f"{given} must be new, empty, or begun by this command. It holds {found}")
    if path.is_file():
        _check_same(path, plan, given)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise UsageError(f"{given} cannot be made: {e.strerror}") from e
    with aside(path) as hidden:
        hidden.write_text(json.dumps(plan, indent=2) + "\n", encoding="utf-8")


def _check_same(path, plan, given):
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        changed = [
            f"{name}: {before.get(name)} -> {plan.get(name)}"
            for name in dict.fromkeys((*before, *plan))
            if before.get(name) != plan.get(name)
        ]
    except (OSError, ValueError, AttributeError) as e:
        raise UsageError(f"{given} holds a {FILE_NAME} that is damaged or foreign ({e})") from e
    if changed:
        raise UsageError(
            f"{given} was begun with other arguments; go on with those, choose another, or remove it. "
            f"Changed: {'; '.join(changed)}"
        )
