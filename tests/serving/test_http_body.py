import gzip
import os
import tracemalloc
import zlib

import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp")

from aiohttp import web

from tfdogs.serving.http_body import unpack

DATA = b"woof " * 1000 + os.urandom(1000)


def raw(data):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("", DATA),
        ("gzip", gzip.compress(DATA)),
        ("gzip", gzip.compress(DATA[:10]) + gzip.compress(DATA[10:]) + bytes(7)),
        ("deflate", zlib.compress(DATA)),
        ("deflate", raw(DATA)),
    ],
)
def test_what_is_in_it(encoding, body):
    assert unpack(body, encoding, len(DATA)) == DATA


@pytest.mark.parametrize(
    ("encoding", "body", "error", "message"),
    [
        ("gzip", gzip.compress(DATA + b"!"), web.HTTPRequestEntityTooLarge, "size 6000 exceeded"),
        ("gzip", gzip.compress(DATA) + gzip.compress(b"!"), web.HTTPRequestEntityTooLarge, "unpacked"),
        ("deflate", zlib.compress(DATA + b"!"), web.HTTPRequestEntityTooLarge, "size 6000 exceeded"),
        ("deflate", raw(DATA + b"!"), web.HTTPRequestEntityTooLarge, "size 6000 exceeded"),
        ("gzip", DATA, web.HTTPBadRequest, "Malformed body: it is not gzip: "),
        ("gzip", b"", web.HTTPBadRequest, "it ends too early"),
        ("gzip", gzip.compress(DATA)[:-1], web.HTTPBadRequest, "it ends too early"),
        ("gzip", gzip.compress(DATA)[:-5] + b"12345", web.HTTPBadRequest, "incorrect"),
        ("gzip", gzip.compress(DATA) + b"!", web.HTTPBadRequest, "there is more behind its end"),
        ("gzip", gzip.compress(DATA) + b"\r\n", web.HTTPBadRequest, "there is more behind its end"),
        ("gzip", gzip.compress(b"") * 100_000, web.HTTPBadRequest, "it has more than 16 members"),
        ("deflate", zlib.compress(DATA) + b"!", web.HTTPBadRequest, "it is not deflate"),
    ],
)
def test_what_is_refused(encoding, body, error, message):
    with pytest.raises(error) as caught:
        unpack(body, encoding, len(DATA))
    assert message in caught.value.text


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_no_more_is_unpacked_than_there_may_be(encoding, pack):
    bomb = pack(bytes(2**26))
    tracemalloc.start()
    try:
        with pytest.raises(web.HTTPRequestEntityTooLarge):
            unpack(bomb, encoding, 2**20)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()
