import concurrent.futures
import http.client
import io
import json
import re
import socket
import threading
import time
import types
import urllib.parse

import numpy as np
import pytest
import requests
from PIL import Image

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.serving.browser_files import PAGE_DIR
from tfdogs.serving.errors import ServingError
from tfdogs.serving.serve_config import ServeConfig
from tfdogs.serving.server import Server

INT64 = types.SimpleNamespace(name="int64", as_numpy_dtype=np.int64)
BODY = b'{"instances": [1]}'
HEAD = (
    f"POST /v1/models/adder:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}\r\n".encode()
)


class Fake:
    """A servable that adds its version to numbers; it waits for `gate` at 13 and fails at 666."""

    def __init__(self, folder, gate=None, started=None):
        self.version, self.gate, self.started = int(folder.name), gate, started
        images = {"images": (None, (None, 8, 8, 3))}
        self.signatures = {"images": types.SimpleNamespace(outputs=images)}

    def signature(self, name):
        return types.SimpleNamespace(inputs={"x": (INT64, (None,))}, method_name="")

    def metadata(self):
        return {"signature_def": {}}

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


def post(server, *numbers, **options):
    url = f"{server.url}v1/models/adder:predict"
    return requests.post(url, json={"instances": list(numbers)}, timeout=30, **options)


def port(server):
    return urllib.parse.urlsplit(server.url).port


def raw(server, data):
    """Sends bytes and returns (status, headers, body) of the answer."""
    with socket.create_connection(("127.0.0.1", port(server)), timeout=20) as connection:
        connection.sendall(data)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers, answer.read()


def test_it_serves(server):
    assert server.greeting == f"serving adder version 1 on {server.url}"
    answer = post(server, 1, 2)
    assert answer.status_code == 200 and answer.json() == {"predictions": [2, 3]}
    assert answer.headers["Content-Type"] == "application/json"
    status = requests.get(f"{server.url}v1/models/adder?x=1", timeout=30).json()["model_version_status"]
    assert status[0]["state"] == "AVAILABLE"
    assert requests.get(f"{server.url}v1/models/adder/metadata", timeout=30).status_code == 200
    answer = post(server, -1)
    assert answer.status_code == 400 and answer.json() == {
        "error": "x must be 0 or more. Received: -1 in row 0"
    }


def test_a_full_queue_refuses_the_surplus_and_serves_the_rest(make, gate):
    server = make(concurrency=2, queue=3)
    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        running = [pool.submit(post, server, 13) for _ in range(2)]
        assert gate.begun(2)
        others = [pool.submit(post, server, number) for number in range(7)]
        left, refused = set(others), set()
        while len(refused) < 4:
            done, left = concurrent.futures.wait(left, timeout=20, return_when="FIRST_COMPLETED")
            assert done
            refused |= done
        for future in refused:  # at once: nothing has gone through the gate
            answer = future.result()
            assert answer.status_code == 503 and answer.headers["Retry-After"] == "1"
            assert "the server is full: 2 requests run and 3 wait" in answer.json()["error"]
        gate.event.set()
        assert [future.result().json() for future in running] == [{"predictions": [14]}] * 2
        for future in left:
            assert future.result().json() == {"predictions": [others.index(future) + 1]}
    assert post(server, 1).status_code == 200


def test_status_is_told_while_the_queue_is_full(make, gate):
    server = make(concurrency=1, queue=0)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(post, server, 13)
        assert gate.begun()
        assert requests.get(f"{server.url}v1/models/adder", timeout=30).status_code == 200
        assert post(server, 1).status_code == 503
        gate.event.set()
        assert running.result().status_code == 200


def test_a_request_that_is_given_up_leaves_the_queue(make, gate):
    server = make(concurrency=1, queue=1)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(post, server, 13)
        assert gate.begun()
        with socket.create_connection(("127.0.0.1", port(server))) as connection:
            connection.sendall(HEAD + b"\r\n" + BODY)
            while server.pool.count < 2:
                assert not running.done()
                time.sleep(0.001)
        while server.pool.count > 1:
            assert not running.done()
            time.sleep(0.001)
        gate.event.set()
        assert running.result().status_code == 200


def test_a_new_version_under_load_drops_nothing(server, tmp_path):
    stop, answers = threading.Event(), []

    def ask():
        with requests.Session() as session:
            while not stop.is_set():
                answer = session.post(
                    f"{server.url}v1/models/adder:predict", json={"instances": [0]}, timeout=30
                )
                answers.append((answer.status_code, answer.json()["predictions"][0]))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        try:
            for version in (1, 2, 3, 4):
                (tmp_path / str(version)).mkdir(exist_ok=True)
                while not any(found == version for _, found in answers[-50:]):
                    assert not any(future.done() for future in asking)
                    time.sleep(0.001)
        finally:
            stop.set()
        for future in asking:
            future.result()
    assert {status for status, _ in answers} == {200}
    assert {found for _, found in answers} == {1, 2, 3, 4}


def test_requests_in_flight_finish_on_the_old_version(server, gate, tmp_path):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(post, server, 13)
        assert gate.begun()
        (tmp_path / "2").mkdir()
        while post(server, 0).json() != {"predictions": [2]}:
            pass
        gate.event.set()
        assert running.result().json() == {"predictions": [14]}


def test_stopping_lets_requests_finish_and_takes_no_more(make):
    for _ in range(10):  # what is being accepted at that moment must be answered or turned away, too
        gate = Gate()
        server = make(load=gate.load)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            running = pool.submit(post, server, 13)
            assert gate.begun()
            stopped = pool.submit(server.stop)
            while True:
                try:
                    post(server, 1)
                except requests.ConnectionError:
                    break
            assert not running.done() and not stopped.done()
            gate.event.set()
            assert running.result().json() == {"predictions": [14]}
            assert stopped.result() == 0
        assert server.stop() == 0


def test_stopping_cuts_off_what_takes_too_long(make, gate):
    server = make(grace_seconds=0.0)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(post, server, 13)
        assert gate.begun()
        assert server.stop() == 1
        with pytest.raises(requests.ConnectionError):
            running.result()


def test_a_fault_of_ours_is_a_500_that_tells_nothing(server, caplog):
    answer = post(server, 666)
    assert answer.status_code == 500
    assert answer.json() == {"error": "Internal error; the server's own output says more"}
    assert "a fault of ours" in caplog.text
    assert post(server, 1).status_code == 200


def test_bodies_within_and_beyond_the_limit(make):
    server = make(max_request_mib=1)
    numbers = [0] * (2**20 // 3 - 20)
    assert len(post(server, *numbers).json()["predictions"]) == len(numbers)
    answer = requests.post(f"{server.url}v1/models/adder:predict", data=b" " * (2**20 + 1), timeout=30)
    assert answer.status_code == 413 and "1048576" in answer.json()["error"]
    chunks = (b" " * 2**16 for _ in range(17))  # whose length is not told
    answer = requests.post(f"{server.url}v1/models/adder:predict", data=chunks, timeout=30)
    assert answer.status_code == 413


def test_expectations_and_encodings(server):
    with socket.create_connection(("127.0.0.1", port(server)), timeout=20) as connection:
        connection.sendall(HEAD + b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert json.loads(answer.read()) == {"predictions": [2]}
    assert raw(server, HEAD + b"Expect: miracles\r\n\r\n" + BODY)[0] == 417
    status, _, text = raw(server, HEAD + b"Content-Encoding: gzip\r\n\r\n" + BODY)
    assert status == 415 and b"gzip" in text


def test_the_page_and_its_headers(server):
    answer = requests.get(server.url, timeout=30)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == "default-src 'self'; img-src 'self' blob: data:"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert '<meta name="model" content="v1/models/adder">' in answer.text
    assert requests.get(f"{server.url}index.html", timeout=30).text == answer.text
    head = requests.head(server.url, timeout=30)
    assert head.status_code == 200 and head.content == b""
    assert head.headers["Content-Length"] == str(len(answer.content))
    for script in re.findall(r'(?:src|href)="([\w.]+)"', answer.text):
        found = requests.get(server.url + script, timeout=30)
        assert found.content == (PAGE_DIR / script).read_bytes()
        assert found.headers["Content-Type"].split(";")[0] != "application/json"


def test_only_get_and_head_read_files(server):
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
        answer = requests.request(method, server.url, timeout=30)
        assert answer.status_code == 405 and answer.headers["Allow"] == "GET, HEAD"
        assert "Method not allowed" in answer.json()["error"]


@pytest.mark.parametrize(
    "path", [
    "/no.html", "//index.html", "/./index.html", "/x/../index.html", "/%69ndex.html", "/index.html%00.png",
    "/..%2findex.html", "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..\\..\\etc\\passwd",
    "/etc/passwd", "//etc/passwd", "/1/model", "/reals", "/reals/", "/reals/../index.html", "/reals/0.png",
    "/page/index.html", "/INDEX.HTML", "/index.html/", "/index.html;x", "http://localhost/", "*",
    ],
)  # fmt: skip
def test_nothing_else_can_be_read(server, path):
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    status, headers, body = raw(server, request.encode())
    assert status in (400, 404) and headers["Content-Type"] == "application/json"
    assert json.loads(body).keys() == {"error"}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:1234", 200),
        ("127.0.0.1:8501", 200),
        ("[::1]:8501", 200),
        ("[::1]", 200),
        ("dogs.example", 403),
        ("127.0.0.1.dogs.example", 403),
        ("localhost.dogs.example:8501", 403),
        ("", 403),
    ],
)
def test_other_names_of_this_machine_are_refused_on_loopback(server, host, status):
    answer = requests.get(server.url, headers={"Host": host}, timeout=30)
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"].startswith("Host must be one of")


def test_names_are_free_where_others_may_connect(make):
    server = make(host="0.0.0.0")
    url = f"http://127.0.0.1:{port(server)}/"
    assert requests.get(url, headers={"Host": "dogs.example"}, timeout=30).status_code == 200


def test_real_pictures(make, tmp_path):
    folder = tmp_path / "reals"
    folder.mkdir()
    Image.new("RGB", (30, 20), (200, 10, 10)).save(folder / "a.jpg")
    Image.new("RGB", (20, 30), (10, 200, 10)).save(folder / "b.png")
    server = make(reals=str(folder))
    assert requests.get(f"{server.url}reals/index.json", timeout=30).json() == {"images": ["0.png", "1.png"]}
    answer = requests.get(f"{server.url}reals/1.png", timeout=30)
    assert answer.headers["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (8, 8)
    assert requests.get(f"{server.url}reals/2.png", timeout=30).status_code == 404
    assert requests.get(f"{server.url}reals/a.jpg", timeout=30).status_code == 404


def test_what_it_cannot_start_with(make, tmp_path):
    taken = make()
    with pytest.raises(TfdogsError, match=f"--port={port(taken)}: Address already in use"):
        make(port=port(taken))
    with pytest.raises(UsageError, match=r"--host must be this machine's.* Received: --host=nowhere.invalid"):
        make(host="nowhere.invalid")
    with pytest.raises(UsageError, match="--reals: no such file"):
        make(reals=str(tmp_path / "nothing"))
    (tmp_path / "1").rmdir()
    with pytest.raises(TfdogsError, match=r"nothing to serve in .*: no version in it"):
        make()


def test_a_context_that_fails_to_start_leaves_nothing(tmp_path):
    server = Server(ServeConfig(export_dir=str(tmp_path), port=0))
    with pytest.raises(TfdogsError), server:
        pass
    assert server.stop() == 0


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"export_dir": " "}, "--export_dir must not be empty"),
        ({"name": "a/b"}, "--name must be letters, digits"),
        ({"name": ""}, "--name must be letters, digits"),
        ({"port": 65536}, "--port must be at least 0 and at most 65535"),
        ({"grpc_port": 8501}, "--grpc_port must differ from --port=8501"),
        ({"concurrency": 0}, "--concurrency must be at least 1"),
        ({"queue": -1}, "--queue must be at least 0"),
        ({"poll_seconds": 0.0}, "--poll_seconds must be at least 0.01"),
        ({"grace_seconds": float("nan")}, "--grace_seconds must be a finite number"),
    ],
)
def test_flags_that_are_refused(flags, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        ServeConfig(**{"export_dir": "exports", **flags})
