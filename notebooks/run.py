"""Runs notebooks from top to bottom and keeps what they show: python notebooks/run.py notebooks/*.ipynb

What cells tagged `remove-output` show is not kept: it holds data that is not ours. A digest of the code is
kept, by which the tests can tell when code was changed and not run again, and how many seconds it ran, with
nothing in the cache of features.
"""

import base64
import hashlib
import io
import os
import sys
import tempfile
import time
from pathlib import Path

import nbclient
import nbformat
from PIL import Image


def digest(notebook):
    """Returns the SHA-256 of a notebook's code, in hexadecimal."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()


def execute(path, environment=None):
    """Runs a notebook in its own folder.

    Args:
        path: the `.ipynb` file, which is left as it is.
        environment: variables to set for it, a dict.

    Returns:
        The notebook with the outputs of this run.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(Path(path).resolve().parent)}}
    client = nbclient.NotebookClient(notebook, timeout=3600, resources=where, record_timing=False)
    client.execute(env={"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, **(environment or {})})
    return notebook


def make_small(data):
    """Keeps a picture, which Pillow shows as PNG and as JPEG, as a PNG of 64 colours.

    Args:
        data: an output's data by MIME type, which is changed.
    """
    data.pop("image/jpeg", None)
    if "image/png" in data:
        with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as image:
            small = image.convert("RGB").quantize(64)
        buffer = io.BytesIO()
        small.save(buffer, "png", optimize=True)
        data["image/png"] = base64.b64encode(buffer.getvalue()).decode()


def main(paths):
    """Runs the notebooks and replaces them by what came out."""
    for path in paths:
        with tempfile.TemporaryDirectory() as cache:
            begun = time.monotonic()
            notebook = execute(path, {"XDG_CACHE_HOME": cache})
            seconds = round(time.monotonic() - begun)
        for cell in notebook.cells:
            if "remove-output" in cell.metadata.get("tags", ()):
                cell.outputs = []
            for output in cell.get("outputs", ()):
                make_small(output.get("data", {}))
        notebook.metadata["tfdogs"] = {"code": digest(notebook), "seconds": seconds}
        aside = Path(path).with_suffix(".partial")
        nbformat.write(notebook, aside)
        aside.replace(path)
        print(f"{path}: run in {seconds} seconds and kept")


if __name__ == "__main__":
    main(sys.argv[1:])
