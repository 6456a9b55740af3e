"""What a browser and a REST client reach: the API, the page's files, and errors as JSON."""

import asyncio
import functools
import ipaddress

from tfdogs.errors import UsageError
from tfdogs.serving import rest
from tfdogs.serving.errors import HTTP_STATUS, ServingError

try:
    from aiohttp import web
except ImportError as e:
    raise UsageError(f"serving needs aiohttp ({e}): pip install 'tfdogs[serve]'") from e

_BODY_SECONDS = 30.0  # for a request's body to arrive in
_IDLE_SECONDS = 75.0  # for the next request on a connection
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    "Content-Type": "application/json",
    "Server": "tfdogs",
}


class HttpServer(web.Server):
    """Answers HTTP requests in the event loop that it is made in.

    Args:
        versions: `tfdogs.serving.versions.Versions`.
        pool: `tfdogs.serving.bounded_pool.BoundedPool`, where predictions run.
        files: {path: (content type, bytes)}: all that there is to read.
        host: address that is listened on; on loopback, requests for other hosts' names and by other sites'
            pages are refused.
        max_request_bytes: largest body that is taken.
    """

    def __init__(self, versions, pool, files, *, host, max_request_bytes):
        self._versions, self._pool, self._files = versions, pool, files
        self._hosts = {*_LOCAL_NAMES, host.lower()} if is_loopback(host) else None
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
        options = {"access_log": None, "auto_decompress": False, "keepalive_timeout": _IDLE_SECONDS}
        return _Connection(self, loop=loop, **options)

    def _request(self, message, payload, protocol, writer, task):
        loop = asyncio.get_running_loop()
        make = functools.partial(web.BaseRequest, client_max_size=self._max_bytes)
        return make(message, payload, protocol, writer, task, loop)

    async def _answer(self, request):
        path = request.raw_path.partition("?")[0]
        try:
            self._check_host(request.headers.get("Host"))
            self._check_origin(request.headers)
            if path.lower().startswith(rest.PREFIX):
                return _response(200, await self._api(request, path))
            return self._file(request.method, path)
        except ServingError as e:
            return _error(HTTP_STATUS[e.code], e.message)
        except web.HTTPException as e:
            return _error(e.status, e.text)
        except web.RequestPayloadError as e:
            return _error(400, f"Malformed body: {e}")
        except ConnectionError:  # the client left before it had sent all; nobody reads this
            return _error(400, "The connection was closed")

    def _check_host(self, host):
        """Refuses names that another site's page could have made point here (DNS rebinding)."""
        if host is None or self._hosts is None:
            return
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        if name.lower() not in self._hosts:
            names = ", ".join(sorted(self._hosts))
            raise web.HTTPForbidden(text=f"Host must be one of {names}. Received: {host}")

    def _check_origin(self, headers):
        """Refuses other sites' pages, which may send requests without being able to read the answers."""
        origin, host = headers.get("Origin"), headers.get("Host", "")
        if self._hosts is None or origin is None:
            return
        if not host or origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
            raise web.HTTPForbidden(text=f"Origin must be this server. Received: {origin}")

    async def _api(self, request, path):
        if request.method != "POST":
            return rest.answer(self._versions, request.method, path)
        self._check_body(request)
        with self._pool.reserve() as place:  # before the body takes memory
            body = await self._body(request)
            call = place.submit(functools.partial(rest.answer, self._versions, "POST", path, body=body))
            del body
            return await asyncio.wrap_future(call)

    def _check_body(self, request):
        """Refuses a body by what its request's head says of it."""
        if (request.content_length or 0) > self._max_bytes:
            raise web.HTTPRequestEntityTooLarge(self._max_bytes, request.content_length)
        encoding = request.headers.get("Content-Encoding", "identity")
        if encoding.lower() != "identity":  # a small body could fill the memory
            raise web.HTTPUnsupportedMediaType(text=f"Unsupported Content-Encoding: {encoding}")
        expect = request.headers.get("Expect", "")
        if expect.lower() not in ("", "100-continue"):
            raise web.HTTPExpectationFailed(text=f"Unknown Expect: {expect}")

    async def _body(self, request):
        if request.headers.get("Expect"):
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # of the response, which is yet to come
        try:
            return await asyncio.wait_for(request.read(), _BODY_SECONDS)
        except asyncio.TimeoutError as e:
            text = f"The body did not arrive within {_BODY_SECONDS:g} seconds"
            raise web.HTTPRequestTimeout(text=text) from e

    def _file(self, method, path):
        if path not in self._files:
            raise ServingError("NOT_FOUND", f"Not found: {path}")
        if method not in ("GET", "HEAD"):
            return _error(405, f"Method not allowed: {method} {path}", Allow="GET, HEAD")
        kind, data = self._files[path]
        return _response(200, data, {"Content-Type": kind})


class _Connection(web.RequestHandler):
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


def is_loopback(host):
    """Says whether an address is reached from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _response(status, body, headers=()):
    return web.Response(status=status, body=body, headers={**_HEADERS, **dict(headers)})


def _error(status, message, **headers):
    if status == 503:
        headers["Retry-After"] = "1"
    return _response(status, rest.error_json(message), headers)
