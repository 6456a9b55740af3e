"""The server: REST, gRPC and the page over one export, within limits."""

import asyncio
import os
import signal
import socket
import threading
import time

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.serving.bounded_pool import BoundedPool
from tfdogs.serving.browser_files import page_files
from tfdogs.serving.http_hosts import Hosts, is_loopback
from tfdogs.serving.http_server import HttpServer
from tfdogs.serving.monitoring import Monitoring
from tfdogs.serving.notices import tell
from tfdogs.serving.reals import real_files
from tfdogs.serving.versions import Versions

_OPEN = (
    "tfdogs.serve: warning: --host={} can be reached by other machines, and other sites' pages can make a "
    "visitor's browser ask this server by a name of theirs. Give its own names with --allowed_hosts"
)
_ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LOOK_SECONDS = 0.1  # between two looks whether the process was told to stop


def serve(config, *, load=None):
    """Serves until the process gets SIGTERM, SIGINT or SIGHUP, then lets running requests finish.

    A second signal ends it at once. Requests that are still running after `grace_seconds` are cut off, and
    the process ends with status 1.

    Args:
        config, load: as `Server`.

    Raises:
        UsageError, TfdogsError: as `Server`.
    """
    told = []
    with Server(config, load=load) as server:
        before = {number: signal.getsignal(number) for number in _ENDS}
        if before[signal.SIGHUP] == signal.SIG_IGN:  # by nohup
            del before[signal.SIGHUP]
        for number in before:
            signal.signal(number, lambda number, _: told.append(number))
        tell(server.greeting)
        while not told:  # an Event's wait would not end where the system gives the signal to another thread
            time.sleep(_LOOK_SECONDS)
        for number, handler in before.items():
            signal.signal(number, handler)
        cut_off = server.stop()
    if cut_off:
        grace = f"{config.grace_seconds:g} s of grace"
        tell(f"tfdogs.serve: {cut_off} requests were cut off after {grace}", error=True)
        os._exit(1)  # a thread inside TensorFlow cannot be ended in another way


class Server:
    """A server in threads of its own. A context manager: starts, and stops.

        with Server(ServeConfig(export_dir="exports/dogs", port=0)) as server:
            requests.get(server.url)

    Args:
        config: `tfdogs.serving.serve_config.ServeConfig`.
        load: see `tfdogs.serving.versions.Versions`.

    Attributes:
        url: where it listens, such as http://127.0.0.1:8501/; from `start` on.
        grpc_target: where gRPC listens, such as 127.0.0.1:8500; from `start` on, "" without gRPC.
        versions: the `Versions` it serves.
        pool: the `BoundedPool` that predictions run in.
        greeting: a line for people that says what is served where.

    Raises:
        UsageError: `start` cannot listen where the configuration says, or cannot use the real pictures.
        TfdogsError: `start` finds nothing to serve.
    """

    def __init__(self, config, *, load=None):
        self.url, self.grpc_target, self.greeting = "", "", ""
        self.versions = Versions(
            config.export_dir, name=config.name, poll_seconds=config.poll_seconds, load=load
        )
        self._config, self._http, self._grpc = config, None, None
        self._max_bytes = config.max_request_mib * 2**20
        self.pool = BoundedPool(config.concurrency, config.queue, merge=config.merge)
        self._counted = Monitoring(self.versions, self.pool)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="http", daemon=True)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error):
        self.stop()

    def start(self):
        """Loads the model and listens; returns when requests are answered."""
        config = self._config
        with _bind(config.host, config.port) as listener:  # first: a wrong port is soon told
            self._thread.start()
            if config.grpc_port:
                self._grpc, grpc_port = self._run(self._make_grpc())
            files = page_files(config.name)
            self.versions.start()
            servable = self.versions.find(config.name)
            shape = _image_shape(servable)
            files |= real_files(config.reals, image_shape=shape, max_reals=config.max_reals)
            self._run(self._listen(listener.dup(), files))
            address = f"{_authority(config.host)}:{listener.getsockname()[1]}"
        self.url = f"http://{address}/"
        self.greeting = f"serving {config.name} version {servable.version} on {self.url}"
        if self._grpc is not None:
            self._run(self._grpc.start())
            self.grpc_target = f"{_authority(config.host)}:{grpc_port}"
            self.greeting += f" and grpc://{self.grpc_target}"

    def connections(self):
        """Returns the open `tfdogs.serving.http_connection.Connection`s, a list."""
        return self._http.connections

    def stop(self):
        """Stops listening and waits for running requests; returns how many did not end in time."""
        if self._loop.is_closed():
            return 0
        if self._thread.is_alive():
            self._run(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()
        self.versions.close()
        cut_off = self.pool.count
        self.pool.shutdown()
        return cut_off

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _make_grpc(self):
        from tfdogs.serving.grpc_service import make_server

        limits = {"max_request_bytes": self._max_bytes, "counted": self._counted}
        address = {"host": self._config.host, "port": max(self._config.grpc_port, 0)}
        return await make_server(self.versions, self.pool, **address, **limits)

    async def _close(self):
        """Lets requests of both kinds finish at the same time."""
        closing = [self._http.close()] if self._http is not None else []
        if self._grpc is not None:
            closing.append(self._grpc.stop(self._config.grace_seconds))
        await asyncio.gather(*closing)

    async def _listen(self, listener, files):
        address, names = listener.getsockname()[0], self._config.host_names
        if not (names or is_loopback(address)):
            tell(_OPEN.format(self._config.host), error=True)
        self._http = HttpServer(
            self.versions,
            self.pool,
            files,
            hosts=Hosts(address, self._config.host, names),
            counted=self._counted,
            max_request_bytes=self._max_bytes,
        )
        await self._http.listen(listener, grace_seconds=self._config.grace_seconds)


def _image_shape(servable):
    """Returns (height, width, channels) of the model's images, or None where it does not tell."""
    signature = servable.signatures.get("images")
    shape = signature.outputs.get("images", (None, None))[1] if signature else None
    return shape[1:] if shape and len(shape) == 4 and None not in shape[1:] else None


def _authority(host):
    return f"[{host}]" if ":" in host else host


def _bind(host, port):
    """Returns a socket that has its address, but does not listen yet."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
    except OSError as e:
        raise UsageError(f"--host must be this machine's: {e.strerror}. Received: --host={host}") from e
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as e:
        listener.close()
        raise TfdogsError(f"cannot listen on --host={host} --port={port}: {e.strerror}") from e
    return listener
