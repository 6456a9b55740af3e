"""A REST server that does as it is told."""

import base64
import collections
import contextlib
import http.server
import json
import socket
import struct
import threading
import time

import pytest

SIGNATURES = {
    "serving_default": {
        "inputs": {"seed": "DT_INT64", "truncation": "DT_FLOAT"},
        "outputs": {"image_bytes": "DT_STRING"},
    },
    "images": {"inputs": {"seed": "DT_INT64", "truncation": "DT_FLOAT"}, "outputs": {"images": "DT_UINT8"}},
    "discriminate": {"inputs": {"image_bytes": "DT_STRING"}, "outputs": {"probability": "DT_FLOAT"}},
}
_SHAPES = {"images": (-1, 2, 2, 3)}


def _info(name, dtype):
    sizes = _SHAPES.get(name, (-1,))
    shape = {"dim": [{"size": str(size), "name": ""} for size in sizes], "unknown_rank": False}
    return {"dtype": dtype, "tensor_shape": shape, "name": f"{name}:0"}


def metadata(signatures):
    """The answer to a request for metadata, from {name: {"inputs": {name: dtype}, "outputs": ...}}."""
    described = {
        name: {
            side: {key: _info(key, dtype) for key, dtype in tensors.items()}
            for side, tensors in found.items()
        }
        for name, found in signatures.items()
    }
    described["__saved_model_init_op"] = {"inputs": {}, "outputs": {"op": {"dtype": "DT_INVALID"}}}
    return {"metadata": {"signature_def": {"signature_def": described}}}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.gets.append(self.path)
        if self.path.endswith("/metadata"):
            self._answer(200, metadata(self.server.signatures))
        else:
            versions = [{"version": "3", "state": "AVAILABLE"}, {"version": "2", "state": "END"}]
            self._answer(200, {"model_version_status": versions})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append(json.loads(body))
        script = self.server.script
        act = script.popleft() if script else "echo"
        if act == "echo":
            seeds = self.server.posts[-1]["inputs"].get("seed", [])
            encoded = [base64.b64encode(str(seed).encode()).decode() for seed in seeds]
            self._answer(200, {"outputs": [{"b64": text} for text in encoded]})
        elif isinstance(act, tuple):
            self._answer(*act)
        else:
            self.close_connection = True
            getattr(self, f"_{act}")()

    def _reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RD)

    def _hang(self):
        self.server.over.wait(10)

    def _cut(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")

    def _drip_body(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        self._drip(b" ")

    def _drip_head(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        self._drip(b"x")

    def _drip(self, byte):
        with contextlib.suppress(OSError):
            for _ in range(1000):  # 10 s
                self.wfile.write(byte)
                time.sleep(0.01)

    def _answer(self, status, value):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class _Stub(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, tls=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server_port}"
        if tls is not None:  # whose handshake is the business of a request's own thread
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.signatures, self.script = SIGNATURES, collections.deque()
        self.gets, self.posts, self.over = [], [], threading.Event()

    def handle_error(self, request, client_address):
        pass


@contextlib.contextmanager
def _running(tls=None):
    server = _Stub(tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def running_stub():
    """Returns a context manager that runs a `stub`, with TLS where it is given an `ssl.SSLContext`."""
    return _running


@pytest.fixture
def stub():
    """A server on loopback that knows `SIGNATURES` and echoes seeds.

    `script` says what it does with the next requests to predict: (status, JSON or bytes), "reset", "hang",
    "cut", "drip_body" or "drip_head". `gets` and `posts` are what it was asked.
    """
    with _running() as server:
        yield server


@pytest.fixture
def dead_port():
    """A port of 127.0.0.1 that nobody listens on, and that nobody else is given meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
