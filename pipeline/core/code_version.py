"""Which tfdogs this is."""

import functools
import subprocess
from pathlib import Path

import tfdogs
from pipeline.core.patience import Patience, Watch

_SECONDS = 10.0  # of git's work


@functools.cache
def code_version():
    """Returns the version, and in a git checkout the commit: "0.1.0, 1a2b3c4d5e, changed since"."""
    file = Path(__file__).resolve()
    top = file.parents[2]
    try:
        # Installed below somebody else's repository, it is no file of that.
        _git(top, "ls-files", "--error-unmatch", str(file))
        commit = _git(top, "rev-parse", "--short=10", "HEAD")
        changed = _git(top, "status", "--porcelain", "--untracked-files=no")
        changed += _git(top, "ls-files", "--others", "--exclude-standard", "tfdogs/*.py", "pipeline/*.py")
    except (OSError, subprocess.SubprocessError):  # no git, or no checkout
        return tfdogs.__version__
    return f"{tfdogs.__version__}, {commit}{', changed since' if changed else ''}"


def _git(folder, *words):
    """Returns what git says; raises where it fails, or works for longer than it ever needs."""
    command = ["git", "-C", str(folder), *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, **pipes) as process, Watch(process, Patience(_SECONDS)):
        said, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return said.strip()
