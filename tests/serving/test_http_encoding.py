import gzip
import os

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp")

from tfdogs.serving.http_encoding import accepts_gzip, packed


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0", False),
        ("gzip ; q=0.000", False),
        ("gzip;q=0, *", False),
        ("gzip;q=0.3, identity;q=0.5", False),
        ("gzip;q=0.5, identity;q=0.3", True),
        ("gzip;q=0.5, identity;q=0", True),
        ("gzip;q=0.5, *", False),
        ("gzip, *;q=0.5", True),
        ("*;q=0.5, identity;q=1", False),
        ("gzip;q=much", False),
        ("gzip;q=nan", False),
        ("br, zstd", False),
    ],
)
def test_who_wants_gzip(header, wanted):
    assert accepts_gzip(header) is wanted


@pytest.mark.parametrize("once", [False, True])
def test_what_pays_is_packed(once):
    for text in (b"a dog " * 300, b"a dog " * 100_000):
        assert gzip.decompress(packed(text, once=once)) == text
        assert packed(text, once=once) == packed(text, once=once)
    assert packed(b"a dog", once=once) is None
    assert packed(os.urandom(100_000), once=once) is None
