"""The folder that is served: blessed models as numbered versions, each with a note of where it came from."""

import json
import shutil
from pathlib import Path

from tfdogs.aside import alone_in
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.serving import deployment, version_folders

NOTE = Path("assets.extra", "lineage.json")  # TensorFlow Serving leaves this folder alone
_HIDDEN = ".removed-"


def push(version, push_dir, *, origin, keep=0):
    """Makes a model's folder the newest version, unless it is that already, or was rolled back from.

    The version appears whole, with what TensorFlow Serving needs beside it. A server that watches the folder
    takes it up.

    Args:
        version: folder of the SavedModel.
        push_dir: the folder that is served; made where it is not there.
        origin: dict for the note, `NOTE`; its `fingerprint` tells models apart.
        keep: how many versions stay, the newest; 0: all.

    Returns:
        Number of the newest version: this model's, or the one that a person has gone back to, see
        `rolled_back`.

    Raises:
        UsageError: the folder cannot be used.
        TfdogsError: the disk failed.
    """
    version_folders.check(push_dir, flag="push_dir")
    with alone_in(push_dir):
        return _push(version, push_dir, origin, keep)


def _push(version, push_dir, origin, keep):
    found = notes(push_dir)
    newest = max(found, default=None)
    if not is_newest(found, origin["fingerprint"]) and not rolled_back(found, origin["fingerprint"]):
        newest = _publish(version, push_dir, origin)
    try:
        deployment.write(push_dir, deployment.choose_name(push_dir, ""))
        _remove_old(Path(push_dir), keep)
    except OSError as e:
        raise TfdogsError(f"cannot write {push_dir}: {e.strerror or e}") from e
    return newest


def roll_back(push_dir, version=None):
    """Makes an older version the newest, under a new number: what is served only ever moves on.

    Args:
        push_dir: the folder that is served.
        version: its number; default: the newest one that holds another model than the one that is served.

    Returns:
        (number of the version that was taken, its new number).

    Raises:
        UsageError: there is no such version, or the model is served already.
        TfdogsError: the disk failed.
    """
    if not Path(push_dir).is_dir():
        raise UsageError(f"no such folder. Received: --push_dir={push_dir}")
    with alone_in(push_dir):
        return _roll_back(push_dir, version)


def _roll_back(push_dir, version):
    found = notes(push_dir)
    if not found:
        raise UsageError(f"there is no version in it. Received: --push_dir={push_dir}")
    served = found[max(found)].get("fingerprint")
    others = [number for number, told in found.items() if told.get("fingerprint") != served]
    legal = ", ".join(map(str, others)) or "none"
    if version is None and not others:
        raise UsageError(f"{push_dir} holds no other model than the one that is served")
    if version is not None and version not in others:
        raise UsageError(
            f"--version must be one with another model than the served one's: {legal}. "
            f"Received: --version={version}"
        )
    taken = max(others) if version is None else version
    folder = version_folders.versions(push_dir)[taken]
    left = {told.get("fingerprint", "") for number, told in found.items() if number > taken}
    left -= {found[taken].get("fingerprint", ""), ""}
    note = {**found[taken], "rolled_back_to": taken, "instead_of": sorted(left)}
    return taken, _publish(folder, push_dir, note)


def is_newest(found, fingerprint):
    """Says whether a model is the newest version, which is served.

    Args:
        found: notes of the versions by number, see `notes`.
        fingerprint: the model's.
    """
    return bool(found) and found[max(found)].get("fingerprint") == fingerprint


def rolled_back(found, fingerprint):
    """Returns the version by which a person has decided against a model that was there, or None.

    To go back is a decision against the newer models for as long as that version is kept, and against the
    older ones while it is the newest. To go back to a model ends it.

    Args:
        found, fingerprint: as of `is_newest`.
    """
    last = max((n for n, told in found.items() if told.get("fingerprint") == fingerprint), default=0)
    for number in sorted((n for n in found if n > last and "rolled_back_to" in found[n]), reverse=True):
        # The model's own version may have been removed since; an older tfdogs noted no models.
        newer = last > found[number]["rolled_back_to"] or fingerprint in found[number].get("instead_of", ())
        if newer or (last and number == max(found)):
            return number
    return None


def notes(push_dir):
    """Returns what is known of the versions in a folder: their notes by number, empty ones of strangers."""
    folders = version_folders.versions(push_dir) if Path(push_dir).is_dir() else {}
    return {number: note(folder) for number, folder in folders.items()}


def note(version):
    """Returns the note of a version's folder, empty of one that was not pushed."""
    try:
        return dict(json.loads(Path(version, NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _publish(version, push_dir, origin):
    with version_folders.aside(push_dir) as hidden:
        shutil.copytree(version, hidden, dirs_exist_ok=True)
        (hidden / NOTE).parent.mkdir(exist_ok=True)
        (hidden / NOTE).write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")
        return int(version_folders.publish(hidden).name)


def _remove_old(push_dir, keep):
    for hidden in push_dir.glob(f"{_HIDDEN}*"):  # of one that was killed
        shutil.rmtree(hidden)
    folders = version_folders.versions(push_dir)
    for number in sorted(folders)[:-keep] if keep else ():
        hidden = push_dir / f"{_HIDDEN}{number}"
        folders[number].rename(hidden)  # first out of sight: never seen half removed
        shutil.rmtree(hidden)
