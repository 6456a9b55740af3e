"""What a server has to say, on its standard output and error."""

import contextlib
import os
import sys
from pathlib import Path


def tell(line, *, error=False):
    """Prints a line at once; a reader who has gone is no reason to stop.

    Args:
        line: text.
        error: True for standard error, False for standard output.
    """
    file = sys.stderr if error else sys.stdout
    try:
        print(line, file=file, flush=True)
    except (OSError, ValueError):  # a broken pipe, a full disk, or a file that is closed
        # What is left in the file's buffer would fail again when the process ends, and be its exit status.
        with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), file.fileno())
