"""Bodies of requests: how long they may take, how large they may be, and what is packed in them."""

import asyncio
import zlib

from aiohttp import HttpVersion11, web

from tfdogs.serving.errors import ServingError
from tfdogs.serving.http_connection import BODY, WORK
from tfdogs.serving.http_fields import field, shown

BODY_SECONDS = 30.0  # for a body to arrive in
_GZIP = zlib.MAX_WBITS | 16
_MEMBERS = 16  # of a gzip file; nearly all have one
_MAGIC = b"\x1f\x8b"  # with which each begins
_ENCODINGS = ("gzip", "x-gzip", "deflate")
_CONTINUE = "100-continue"


def check(request, max_bytes):
    """Refuses a body by what its request's head says of it; returns its encoding, "" for none.

    Raises:
        web.HTTPException: the body is over `max_bytes`, packed or transferred in an unknown way, or something
            else than 100-continue is expected.
    """
    if (request.content_length or 0) > max_bytes:
        raise web.HTTPRequestEntityTooLarge(max_bytes, request.content_length)
    encodings = [name for name in _names(request, "Content-Encoding") if name != "identity"]
    if len(encodings) > 1 or not {*encodings} <= {*_ENCODINGS}:
        text = f"Content-Encoding must be gzip, deflate or identity. Received: {shown(', '.join(encodings))}"
        raise web.HTTPUnsupportedMediaType(text=text, headers={"Accept-Encoding": "gzip, deflate"})
    codings = _names(request, "Transfer-Encoding")
    if codings not in ([], ["chunked"]):
        text = f"Transfer-Encoding must be chunked. Received: {shown(', '.join(codings))}"
        raise web.HTTPNotImplemented(text=text)
    expected = _names(request, "Expect")
    if not {*expected} <= {_CONTINUE}:
        raise web.HTTPExpectationFailed(text=f"Unknown Expect: {shown(', '.join(expected))}")
    return "".join(encodings)


def _names(request, name):
    """Returns what a field lists."""
    listed = (field(request.headers, name) or "").lower().split(",")
    return [item.strip() for item in listed if item.strip()]


async def receive(request, max_bytes):
    """Waits for a request's body, as it is sent.

    Raises:
        web.HTTPException: it is malformed, larger than `max_bytes`, or slower than `BODY_SECONDS`.
        ServingError: UNAVAILABLE: the memory was needed for others.
    """
    if _names(request, "Expect") and request.version >= HttpVersion11:
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
    except web.RequestPayloadError as e:
        raise web.HTTPBadRequest(text=f"Malformed body: {shown(str(e))}") from e
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
    if request.protocol.malformed:
        raise web.HTTPBadRequest(text=f"Malformed body: {shown(request.protocol.malformed)}")
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
        if kind != _GZIP or not body.startswith(_MAGIC):
            raise zlib.error("there is more behind its end")
    raise zlib.error(f"it has more than {_MEMBERS} members")
