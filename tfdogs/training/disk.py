"""Getting files onto the disk for good."""

import os


def flush(path):
    """Waits until a file, or the names in a folder, would outlive a power cut.

    Raises:
        OSError: there is no such file, or the disk failed.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
