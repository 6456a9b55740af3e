"""A server of a servable that adds, and ways to ask it."""

import functools
import http.client
import socket
import threading
import time
import types
import urllib.parse

import numpy as np
import pytest
import requests

from tfdogs.serving.errors import ServingError
from tfdogs.serving.rows import Rows
from tfdogs.serving.serve_config import ServeConfig
from tfdogs.serving.server import Server

BODY = b'{"instances": [1]}'
HEAD = (
    f"POST /v1/models/adder:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}\r\n".encode()
)
INT64 = types.SimpleNamespace(name="int64", as_numpy_dtype=np.int64)


class Fake:
    """A servable that adds its version to numbers; it waits for `gate` at 13 and fails at 666."""

    key = None  # of its rows: they run alone

    def __init__(self, folder, gate=None, started=None):
        self.version, self.gate, self.started = int(folder.name), gate, started
        images = {"images": (None, (None, 8, 8, 3))}
        self.signatures = {"images": types.SimpleNamespace(outputs=images)}

    def signature(self, name):
        return types.SimpleNamespace(inputs={"x": (INT64, (None,))}, method_name="")

    def metadata(self):
        return {"signature_def": {}}

    def rows(self, name, inputs, finish):
        run = functools.partial(self.predict, name)
        count = len(inputs["x"])
        return Rows(key=self.key, count=count, most=4, inputs=inputs, run=run, finish=finish)

    def predict(self, name, inputs):
        x = inputs["x"]
        if 13 in x:
            self.started.release()
            assert self.gate.wait(20)
        if 666 in x:
            raise ZeroDivisionError("a fault of ours")
        if -1 in x:
            raise ServingError("INVALID_ARGUMENT", "x must be 0 or more. Received: -1 in row 0")
        return {"y": x + self.version}


class Gate:
    """Says when a request has begun to run, and lets it end."""

    def __init__(self):
        self.event, self.started = threading.Event(), threading.Semaphore(0)

    def load(self, folder):
        return Fake(folder, self.event, self.started)

    def begun(self, count=1):
        return all(self.started.acquire(timeout=20) for _ in range(count))


@pytest.fixture
def make_gate():
    """Returns a maker of gates."""
    return Gate


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.event.set()


@pytest.fixture
def make(tmp_path, gate):
    """Returns a maker of servers of `tmp_path`, with a version 1 in it, that are stopped at the end."""
    servers = []
    (tmp_path / "1").mkdir()

    def make(load=gate.load, **flags):
        flags = {"port": 0, "name": "adder", "poll_seconds": 0.01, "grace_seconds": 20.0, **flags}
        servers.append(Server(ServeConfig(export_dir=str(tmp_path), **flags), load=load))
        servers[-1].start()
        return servers[-1]

    yield make
    gate.event.set()
    for server in servers:
        server.stop()


@pytest.fixture
def server(make):
    return make()


def _port(server):
    return urllib.parse.urlsplit(server.url).port


@pytest.fixture(scope="session")
def port():
    """Returns a function that tells a server's port."""
    return _port


@pytest.fixture
def post():
    """Returns a function that has a server add to numbers."""

    def post(server, *numbers, **options):
        url = f"{server.url}v1/models/adder:predict"
        return requests.post(url, json={"instances": list(numbers)}, timeout=30, **options)

    return post


@pytest.fixture
def raw():
    """Returns a function that sends bytes and returns (status, headers, body) of the answer."""

    def raw(server, data):
        with socket.create_connection(("127.0.0.1", _port(server)), timeout=20) as connection:
            connection.sendall(data)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status, answer.headers, answer.read()

    return raw


@pytest.fixture
def until():
    """Returns a function that waits for a condition, but not for ever."""

    def until(condition, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.001)

    return until


@pytest.fixture
def waits_for():
    """Returns a function that counts the connections on which a server waits for something."""
    return lambda server, stage: sum(c.stage == stage for c in server.connections())


@pytest.fixture
def begin(port):
    """Returns a function that opens a connection and sends the beginning of a request."""

    def begin(server, data=HEAD + b"\r\n" + BODY[:5]):
        connection = socket.create_connection(("127.0.0.1", port(server)), timeout=20)
        connection.sendall(data)
        return connection

    return begin
