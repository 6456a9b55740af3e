"""What a browser and a REST client reach: the API, the page's files, and errors as JSON."""

import asyncio
import dataclasses
import functools

from tfdogs.errors import UsageError
from tfdogs.serving import monitoring, rest
from tfdogs.serving.errors import HTTP_STATUS, ServingError

try:
    from aiohttp import web
except ImportError as e:
    raise UsageError(f"serving needs aiohttp ({e}): pip install 'tfdogs[serve]'") from e

from tfdogs.serving import http_body
from tfdogs.serving.http_connection import IDLE_SECONDS, WORK, Connection, LimitedServer
from tfdogs.serving.http_encoding import accepts_gzip, packed
from tfdogs.serving.http_fields import field

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    "Content-Type": "application/json",
    "Server": "tfdogs",
}


class HttpServer(LimitedServer):
    """Answers HTTP requests in the event loop that it is made in.

    Args:
        versions: `tfdogs.serving.versions.Versions`.
        pool: `tfdogs.serving.bounded_pool.BoundedPool`, where predictions run.
        files: {path: (content type, bytes)}: all that there is to read.
        hosts: `tfdogs.serving.http_hosts.Hosts`, by which names it may be asked.
        counted: `tfdogs.serving.monitoring.Monitoring`.
        max_request_bytes: largest body that is taken, packed and unpacked.
    """

    def __init__(self, versions, pool, files, *, hosts, counted, max_request_bytes):
        self._versions, self._pool, self._hosts, self._counted = versions, pool, hosts, counted
        self._files = {path: (*file, packed(file[1], once=True)) for path, file in files.items()}
        self._max_bytes = max_request_bytes
        self._runner, self._listener = None, None
        super().__init__(self._answer, request_factory=self._request, handler_cancellation=True)

    async def listen(self, listener, *, grace_seconds):
        """Starts to answer.

        Args:
            listener: a socket that has its address.
            grace_seconds: for `close`.
        """
        self._listener = listener
        # aiohttp waits this long for handlers, and as long again before it cancels them; 0 is for ever.
        self._runner = web.ServerRunner(self, shutdown_timeout=max(grace_seconds / 2, 0.01))
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def close(self):
        """Stops listening, then waits for running requests, but no longer than `grace_seconds`."""
        if self._runner is None:
            return
        # A connection that is just being accepted would be forgotten by asyncio (before Python 3.12), or
        # waited for by aiohttp: so first no more are accepted, and the last one's handler gets to its start.
        asyncio.get_running_loop().remove_reader(self._listener)
        for _ in range(5):
            await asyncio.sleep(0)
        await self._runner.cleanup()

    def __call__(self):
        loop = asyncio.get_running_loop()
        options = {"access_log": None, "auto_decompress": False, "keepalive_timeout": IDLE_SECONDS}
        return _Connection(self, loop=loop, **options)

    def _request(self, message, payload, protocol, writer, task):
        loop = asyncio.get_running_loop()
        make = functools.partial(web.BaseRequest, client_max_size=self._max_bytes)
        return make(message, payload, protocol, writer, task, loop)

    async def _answer(self, request):
        request.protocol.enter(WORK)
        path = request.raw_path.partition("?")[0]
        try:
            self._hosts.check(request.headers)
            if path.lower().startswith(rest.PREFIX):
                return await self._api(request, path)
            return self._file(request, path)
        except ServingError as e:
            return _error(HTTP_STATUS[e.code], e.message)
        except web.HTTPException as e:
            told = {name: e.headers[name] for name in ("Accept-Encoding",) if name in e.headers}
            return _error(e.status, e.text, **told)
        except ConnectionError:  # the client left before it had sent all; nobody reads this
            return _error(400, "The connection was closed")

    async def _api(self, request, path):
        gzip = _wants_gzip(request)
        if request.method != "POST":
            return _response(200, *_packed(rest.answer(self._versions, request.method, path), gzip))
        with self._counted.request("REST"):
            encoding = http_body.check(request, self._max_bytes)
            self._pool.check()  # before the body takes memory
            body = await http_body.receive(request, self._max_bytes)
            call = self._pool.submit(self._read, path, body, encoding, gzip)
            del body
            return _response(200, *await asyncio.wrap_future(call))

    def _read(self, path, body, encoding, gzip):
        """Returns a request's `Rows`, whose result is (the answer, whether it is in gzip)."""
        rows = rest.read(self._versions, path, http_body.unpack(body, encoding, self._max_bytes))
        return dataclasses.replace(rows, finish=lambda outputs: _packed(rows.finish(outputs), gzip))

    def _file(self, request, path):
        if path != monitoring.PATH and path not in self._files:
            raise ServingError("NOT_FOUND", f"Not found: {path}")
        if request.method not in ("GET", "HEAD"):
            return _error(405, f"Method not allowed: {request.method} {path}", Allow="GET, HEAD")
        if path == monitoring.PATH:
            kind = {"Content-Type": monitoring.CONTENT_TYPE}
            return _response(200, *_packed(self._counted.text(), _wants_gzip(request)), kind)
        kind, data, small = self._files[path]
        gzip = small is not None and _wants_gzip(request)
        return _response(200, small if gzip else data, gzip, {"Content-Type": kind})


class _Connection(Connection):
    """Tells as JSON also those errors that come before there is a request, or from a fault of ours."""

    __slots__ = ()

    def handle_error(self, request, status=500, exc=None, message=None):
        if status >= 500:
            super().handle_error(request, status, exc)  # logs it
            message = "Internal error; the server's own output says more"
        first = next(iter(str(message or "").strip().splitlines()), "")
        response = _error(status, f"Malformed request: {first}" if status == 400 else first)
        response.force_close()
        return response


def _wants_gzip(request):
    return accepts_gzip(field(request.headers, "Accept-Encoding"))


def _packed(data, gzip):
    """Returns (an answer's bytes, whether they are in gzip)."""
    small = packed(data) if gzip else None
    return (data, False) if small is None else (small, True)


def _response(status, body, gzip=False, headers=()):
    headers = {**_HEADERS, "Vary": "Accept-Encoding", **dict(headers)}
    if gzip:
        headers["Content-Encoding"] = "gzip"
    return web.Response(status=status, body=body, headers=headers)


def _error(status, message, **headers):
    if status == 503:
        headers["Retry-After"] = "1"
    return _response(status, rest.error_json(message), headers=headers)
