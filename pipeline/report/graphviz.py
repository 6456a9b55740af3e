"""Drawings by Graphviz's `dot`."""

import shutil
import subprocess

from tfdogs.errors import TfdogsError, UsageError

SECONDS = 60  # what drawing a graph may take; a pipeline's takes less than one
INSTALL = "Graphviz's dot is not installed (Debian's package graphviz)"


def installed():
    """Returns whether there is a `dot` to draw with."""
    return shutil.which("dot") is not None


def svg(text):
    """Returns a graph in Graphviz's language as an <svg> element.

    Raises:
        UsageError: Graphviz is not installed.
        TfdogsError: it could not draw the graph, or took more than `SECONDS`.
    """
    if not installed():
        raise UsageError(INSTALL)
    command = ["dot", "-Tsvg"]
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as e:
        raise TfdogsError(f"dot could not draw the graph in {SECONDS} s") from e
    if done.returncode:
        raise TfdogsError(f"dot could not draw the graph: {done.stderr.strip()}")
    return done.stdout[done.stdout.index("<svg") :]
