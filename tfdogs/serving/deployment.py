"""The files beside the versions: TensorFlow Serving's configuration, compose.yaml and the page."""

import re
from pathlib import Path

from tfdogs.aside import hidden_beside
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.serving.browser_files import page_files
from tfdogs.serving.model_name import NAME_RULE, is_name

DEFAULT_NAME = "dogs"
_TEMPLATES = Path(__file__).parent / "deploy"
_COMMENT = re.compile("#.*")
_NAME_FIELD = re.compile(r"""\bname\s*:\s*["']([^"']*)["']""")


def choose_name(export_dir, name):
    """Returns the name that the model of a folder of versions has in requests.

    It is the one in `models.config`, where that is there: the files beside the versions have one name.

    Args:
        export_dir: the folder of the versions; it need not exist.
        name: the name wanted, or "" for the one that is there, or `DEFAULT_NAME`.

    Raises:
        UsageError: `name` is not the one that is there, or `models.config` does not say which.
        TfdogsError: `models.config` cannot be read.
    """
    path = Path(export_dir, "models.config")
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return name or DEFAULT_NAME
    except OSError as e:
        raise TfdogsError(f"cannot read {path}: {e.strerror or e}") from e
    names = _NAME_FIELD.findall(_COMMENT.sub("", text))
    if name and names and name not in names:
        raise UsageError(
            f"--name={name} cannot be used: {path} says {', '.join(names)}; leave --name out, choose another "
            "--export_dir, or delete models.config, compose.yaml, nginx.conf and page, to have them anew"
        )
    if not name and len(names) > 1:
        raise UsageError(f"--name must be one of {', '.join(names)}, as in {path}")
    name = name or next(iter(names), DEFAULT_NAME)
    if not is_name(name):
        raise UsageError(f"the name in {path} {NAME_RULE}. Received: {name}")
    return name


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
        with hidden_beside(path) as hidden:
            hidden.write_bytes(data)
            hidden.replace(path)
    return kept


def files(name):
    """Returns the files for a model called `name`, dict of path to bytes."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(_TEMPLATES.iterdir())}
    page = {f"page{path}": data for path, (_, data) in page_files(name).items() if path != "/"}
    filled = {
        file: text.replace("@NAME@", name).replace("@NAME_PATTERN@", re.escape(name)).encode()
        for file, text in texts.items()
    }
    return {**filled, **page}
