"""The files beside the versions: TensorFlow Serving's configuration, compose.yaml and the page."""

import os
from pathlib import Path

from tfdogs.serving.browser_files import page_files

_TEMPLATES = Path(__file__).parent / "deploy"


def write(export_dir, name):
    """Writes what a folder of versions needs to be served by TensorFlow Serving, where it is missing.

    `models.config`, `batching_parameters.txt`, `compose.yaml`, `nginx.conf` and `page/`. A file that is there
    stays as it is, for it may have been edited.

    Args:
        export_dir: the folder of the versions.
        name: the model's name in requests.

    Returns:
        List of the files, relative to `export_dir`, that are there and differ from what would be written.

    Raises:
        OSError: the disk failed.
    """
    kept = []
    for file, data in files(name).items():
        path = Path(export_dir, file)
        if path.exists():
            kept += [file] if path.read_bytes() != data else []
            continue
        path.parent.mkdir(exist_ok=True)
        hidden = path.with_name(f".{path.name}.{os.getpid()}.partial")
        try:
            hidden.write_bytes(data)
            hidden.replace(path)
        finally:
            hidden.unlink(missing_ok=True)
    return kept


def files(name):
    """Returns the files for a model called `name`, dict of path to bytes."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(_TEMPLATES.iterdir())}
    page = {f"page{path}": data for path, (_, data) in page_files(name).items() if path != "/"}
    return {**{file: text.replace("@NAME@", name).encode() for file, text in texts.items()}, **page}
