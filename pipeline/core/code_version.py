"""Which tfdogs this is."""

import functools
import subprocess
from pathlib import Path

import tfdogs


@functools.cache
def code_version():
    """Returns the version, and in a git checkout the commit: "0.1.0, 1a2b3c4d5e, changed since"."""
    folder = Path(__file__).parent
    try:
        commit = _git(folder, "rev-parse", "--short=10", "HEAD")
        changed = ", changed since" if _git(folder, "status", "--porcelain", "--untracked-files=no") else ""
    except (OSError, subprocess.SubprocessError):  # no git, or installed from a wheel
        return tfdogs.__version__
    return f"{tfdogs.__version__}, {commit}{changed}"


def _git(folder, *words):
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
