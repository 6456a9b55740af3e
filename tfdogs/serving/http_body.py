"""Bodies of requests: how long they may take, how large they may be, and what is packed in them."""

import asyncio
import zlib

from aiohttp import web

from tfdogs.serving.errors import ServingError
from tfdogs.serving.http_connection import BODY, WORK

BODY_SECONDS = 30.0  # for a body to arrive in
_GZIP = zlib.MAX_WBITS | 16
_MEMBERS = 16  # of a gzip file; nearly all have one
_ENCODINGS = ("gzip", "x-gzip", "deflate")


def check(request, max_bytes):
    """Refuses a body by what its request's head says of it; returns its encoding, "" for none.

    Raises:
        web.HTTPException: the body is over `max_bytes`, packed in an unknown way, or something else than
            100-continue is expected.
    """
    if (request.content_length or 0) > max_bytes:
        raise web.HTTPRequestEntityTooLarge(max_bytes, request.content_length)
    names = [name.strip().lower() for name in request.headers.get("Content-Encoding", "").split(",")]
    encodings = [name for name in names if name not in ("", "identity")]
    if len(encodings) > 1 or not {*encodings} <= {*_ENCODINGS}:
        text = f"Content-Encoding must be gzip, deflate or identity. Received: {', '.join(encodings)}"
        raise web.HTTPUnsupportedMediaType(text=text, headers={"Accept-Encoding": "gzip, deflate"})
    expect = request.headers.get("Expect", "")
    if expect.lower() not in ("", "100-continue"):
        raise web.HTTPExpectationFailed(text=f"Unknown Expect: {expect}")
    return "".join(encodings)


async def receive(request, max_bytes):
    """Waits for a request's body, as it is sent.

    Raises:
        web.HTTPException: it is larger than `max_bytes`, or slower than `BODY_SECONDS`.
        ServingError: UNAVAILABLE: the memory was needed for others.
    """
    if request.headers.get("Expect"):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # of the response, which is yet to come
    connection, task = request.protocol, asyncio.ensure_future(_read(request, max_bytes))
    connection.enter(BODY, task.cancel)
    try:
        await asyncio.wait([task], timeout=BODY_SECONDS)
        if not task.done():
            text = f"The body did not arrive within {BODY_SECONDS:g} seconds"
            raise web.HTTPRequestTimeout(text=text)
        if task.cancelled():
            raise ServingError("UNAVAILABLE", "the body was slow and others came; try again later")
        return task.result()
    finally:
        task.cancel()
        connection.release()
        connection.enter(WORK)


async def _read(request, max_bytes):
    body = bytearray()
    while part := await request.content.readany():
        body += part
        request.protocol.hold(len(part))
        if len(body) > max_bytes:
            raise web.HTTPRequestEntityTooLarge(max_bytes, len(body))
    return bytes(body)


def unpack(body, encoding, max_bytes):
    """Returns what is in a body.

    Args:
        body: bytes.
        encoding: what `check` returned.
        max_bytes: largest size of what comes out; no more than that is ever unpacked.

    Raises:
        web.HTTPException: 413: there is more in it; 400: it is damaged.
    """
    if not encoding:
        return body
    kinds = [zlib.MAX_WBITS, -zlib.MAX_WBITS] if encoding == "deflate" else [_GZIP]  # some send it raw
    for kind in kinds:
        try:
            return _inflate(body, kind, max_bytes)
        except zlib.error as e:
            error = e
    raise web.HTTPBadRequest(text=f"Malformed body: it is not {encoding}: {error}") from error


def _inflate(body, kind, max_bytes):
    parts, left = [], max_bytes
    for _ in range(_MEMBERS):  # each makes zlib copy what is behind it
        stream = zlib.decompressobj(kind)
        # One byte more than there may be: zlib stops there, however much is behind it.
        parts.append(stream.decompress(body, left + 1))
        left -= len(parts[-1])
        if left < 0:
            text = f"Maximum request body size {max_bytes} exceeded, once it is unpacked"
            raise web.HTTPRequestEntityTooLarge(max_bytes, max_bytes + 1, text=text)
        if not stream.eof:
            raise zlib.error("it ends too early")
        body = stream.unused_data.lstrip(b"\0")  # some pad with zeros
        if not body:
            return b"".join(parts)
        if kind != _GZIP:
            raise zlib.error("there is more behind its end")
    raise zlib.error(f"it has more than {_MEMBERS} members")
