"""Drawings by Graphviz's `dot`."""

import shutil
import subprocess

from pipeline.core.patience import Patience, Watch
from tfdogs.errors import TfdogsError, UsageError

SECONDS = 60.0  # of work that drawing a graph may be; a pipeline's is less than one
INSTALL = "Graphviz's dot is not installed (Debian's package graphviz)"


def installed():
    """Returns whether there is a `dot` to draw with."""
    return shutil.which("dot") is not None


def svg(text):
    """Returns a graph in Graphviz's language as an <svg> element.

    Raises:
        UsageError: Graphviz is not installed.
        TfdogsError: it could not draw the graph, or worked for more than `SECONDS`.
    """
    if not installed():
        raise UsageError(INSTALL)
    command = ["dot", "-Tsvg"]
    pipes = {**dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE), "text": True}
    with subprocess.Popen(command, **pipes) as process, Watch(process, Patience(SECONDS)) as watch:
        drawn, said = process.communicate(text)
    if process.returncode:
        raise TfdogsError(f"dot could not draw the graph: {watch.reason or said.strip()}")
    return drawn[drawn.index("<svg") :]
