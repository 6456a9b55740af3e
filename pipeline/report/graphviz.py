"""Drawings by Graphviz's `dot`."""

import shutil
import subprocess

from tfdogs.errors import TfdogsError, UsageError

INSTALL = "Graphviz's dot is not installed (Debian's package graphviz)"


def installed():
    """Returns whether there is a `dot` to draw with."""
    return shutil.which("dot") is not None


def svg(text):
    """Returns a graph in Graphviz's language as an <svg> element.

    Raises:
        UsageError: Graphviz is not installed.
        TfdogsError: it could not draw the graph.
    """
    if not installed():
        raise UsageError(INSTALL)
    done = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise TfdogsError(f"dot could not draw the graph: {done.stderr.strip()}")
    return done.stdout[done.stdout.index("<svg") :]
