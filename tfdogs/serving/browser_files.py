"""The files a browser may read: they are in memory, and there is no way from a request to the disk."""

import html
import re
from pathlib import Path

from tfdogs.errors import TfdogsError

PAGE_DIR = Path(__file__).parent / "page"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
_MODEL = re.compile(r'(<meta name="model" content=")[^"]*(")')


def page_files(model_name, *, folder=PAGE_DIR):
    """Reads the page "This Dog Doesn't Exist".

    Args:
        model_name: the name the model is served by; the page's `<meta name="model">` gets it.
        folder: where the page lies.

    Returns:
        {path in a request: (content type, bytes)}; "/" is the page itself.

    Raises:
        TfdogsError: a file cannot be read, or the page is not there.
    """
    files = {}
    try:
        for path in sorted(folder.iterdir()):
            if path.suffix in _TYPES and path.is_file():
                files[f"/{path.name}"] = (_TYPES[path.suffix], path.read_bytes())
        kind, page = files["/index.html"]
    except (OSError, KeyError) as e:
        raise TfdogsError(f"the page is not whole, install tfdogs again: {folder} ({e})") from e
    url = html.escape(f"v1/models/{model_name}")
    page = _MODEL.sub(lambda found: found[1] + url + found[2], page.decode("utf-8")).encode()
    return {**files, "/": (kind, page), "/index.html": (kind, page)}
