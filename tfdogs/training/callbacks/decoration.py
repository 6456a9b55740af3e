"""What is nice to have of a run, and must not cost it."""

import contextlib
import sys

from tfdogs.errors import TfdogsError, of_disk, reason
from tfdogs.progress import say


class Decoration:
    """Lets training go on where a sheet or a TensorBoard file cannot be written; warns once on stderr.

    Args:
        what: its name in the warning, such as a path.
    """

    def __init__(self, what):
        self._what = what
        self._warned = False

    @contextlib.contextmanager
    def __call__(self):
        """Gives a context out of which errors of a disk do not come."""
        try:
            yield
        except Exception as e:
            if not isinstance(e, TfdogsError) and of_disk(e) is None:
                raise
            if not self._warned:
                text = f"warning: cannot write {self._what} ({reason(e)}); training goes on without"
                say(text, sys.stderr)
                self._warned = True
