"""What a browser may load and send on our pages: `default-src` says nothing of bases, forms and frames."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
META = 'http-equiv="Content-Security-Policy" content="([^"]*)"'
FILES = sorted(path for room in ("tfdogs", "pipeline") for path in (ROOT / room).rglob("*.html"))
PAGES = [path for path in FILES if re.search(META, path.read_text("utf-8"))]


def policy(text):
    return dict(part.split(maxsplit=1) for part in text.split("; "))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_with_a_policy_has_one_for_bases_and_forms(path):
    (text,) = re.findall(META, path.read_text("utf-8"))
    found = policy(text)
    assert found["default-src"] in ("'none'", "'self'")
    assert found["base-uri"] == found["form-action"] == "'none'"


def test_nginx_sends_the_policy_that_our_server_sends():
    pytest.importorskip("aiohttp", reason="needs aiohttp")
    from tfdogs.serving.http_server import _HEADERS

    text = (ROOT / "tfdogs/serving/deploy/nginx.conf").read_text("utf-8")
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"):
        (value,) = re.findall(f'add_header {name} "?([^";]*(?:; [^";]*)*)"? always;', text)
        assert value == _HEADERS[name]
