import http.client
import io
import json
import logging
import re
import socket
import struct

import pytest
import requests
from PIL import Image

from tfdogs.serving.browser_files import PAGE_DIR

BODY = b'{"instances": [1]}'
HEAD = (
    f"POST /v1/models/adder:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}\r\n".encode()
)


def test_bodies_within_and_beyond_the_limit(make, post):
    server = make(max_request_mib=1)
    numbers = [0] * (2**20 // 3 - 20)
    assert len(post(server, *numbers).json()["predictions"]) == len(numbers)
    answer = requests.post(f"{server.url}v1/models/adder:predict", data=b" " * (2**20 + 1), timeout=30)
    assert answer.status_code == 413 and "1048576" in answer.json()["error"]
    chunks = (b" " * 2**16 for _ in range(17))  # whose length is not told
    answer = requests.post(f"{server.url}v1/models/adder:predict", data=chunks, timeout=30)
    assert answer.status_code == 413


def test_expectations_and_encodings(server, begin, port, raw):
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
def test_nothing_else_can_be_read(server, path, raw):
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


def test_names_are_free_where_others_may_connect(make, port):
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


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        ("http://localhost:8501", "localhost:8501", 200),
        ("HTTP://LocalHost:8501", "localhost:8501", 200),
        ("http://127.0.0.1:8501", "127.0.0.1:8501", 200),
        ("http://[::1]:8501", "[::1]:8501", 200),
        ("https://localhost", "localhost", 200),  # a tunnel's end
        ("https://dogs.example", "localhost:8501", 403),
        ("http://localhost:3000", "localhost:8501", 403),
        ("http://localhost", "localhost:8501", 403),
        ("http://localhost:8501.dogs.example", "localhost:8501", 403),
        ("http://127.0.0.1:8501", "localhost:8501", 403),
        ("null", "localhost:8501", 403),
        ("", "localhost:8501", 403),
        ("file://", "localhost:8501", 403),
    ],
)
def test_other_sites_pages_are_refused_on_loopback(
    server, origin, host, status, begin, post, port, raw, until
):
    url = f"{server.url}v1/models/adder:predict"
    headers = {"Origin": origin, "Host": host, "Content-Type": "text/plain"}
    answer = requests.post(url, data=BODY, headers=headers, timeout=30)
    assert answer.status_code == status
    if status == 403:
        assert answer.json() == {"error": f"Origin must be this server. Received: {origin}"}
        assert requests.get(server.url, headers=headers, timeout=30).status_code == 403


def test_an_origin_needs_a_host(server, begin, post, port, raw, until):
    head = b"GET / HTTP/1.0\r\nOrigin: http://\r\n\r\n"
    assert raw(server, head)[0] == 403
    assert raw(server, head.replace(b"Origin: http://\r\n", b""))[0] == 200


def test_other_sites_pages_may_ask_where_others_may_connect(make, begin, post, port, raw, until):
    server = make(host="0.0.0.0")
    url = f"http://127.0.0.1:{port(server)}/v1/models/adder:predict"
    answer = requests.post(url, data=BODY, headers={"Origin": "https://dogs.example"}, timeout=30)
    assert answer.status_code == 200


@pytest.fixture
def begin(port):
    """Returns a function that opens a connection and begins to send a request."""

    def begin(server):
        connection = socket.create_connection(("127.0.0.1", port(server)), timeout=20)
        connection.sendall(HEAD + b"\r\n" + BODY[:5])
        return connection

    return begin


def test_there_is_a_place_for_a_body_or_it_is_not_read(make, begin, post, raw, until):
    server = make(concurrency=1, queue=1)
    with begin(server) as first, begin(server):
        until(lambda: server.pool.count == 2)
        with begin(server) as third:  # not all of it has been sent, and it is refused at once
            answer = http.client.HTTPResponse(third)
            answer.begin()
            assert answer.status == 503 and b"the server is full" in answer.read()
        expecting = HEAD + b"Expect: 100-continue\r\n\r\n"
        assert raw(server, expecting)[0] == 503
        first.sendall(BODY[5:])
        answer = http.client.HTTPResponse(first)
        answer.begin()
        assert json.loads(answer.read()) == {"predictions": [2]}
        until(lambda: server.pool.count == 1)
    until(lambda: server.pool.count == 0)  # one of them left without having sent all
    assert post(server, 1).status_code == 200


@pytest.mark.parametrize("data", [
    HEAD.replace(b"Length: 18", b"Length: 99999999999") + b"\r\n",
    HEAD.replace(b"Length: 18", b"Length: 0") + b"\r\n",
    HEAD + b"Expect: miracles\r\n\r\n" + BODY,
    HEAD + b"Content-Encoding: gzip\r\n\r\n" + BODY,
    HEAD + b"\r\n" + BODY.replace(b"1", b"x"),
    HEAD.replace(b"Content-Length: 18", b"Transfer-Encoding: chunked") + b"\r\nzz\r\n",
])  # fmt: skip
def test_what_is_refused_gives_its_place_back(make, data, begin, post, raw, until):
    server = make(concurrency=1, queue=0)
    for _ in range(3):
        assert 400 <= raw(server, data)[0] < 500
        until(lambda: server.pool.count == 0)
    assert post(server, 1).status_code == 200


def test_a_body_that_never_comes_gives_its_place_back(make, monkeypatch, begin, post, until):
    monkeypatch.setattr("tfdogs.serving.http_server._BODY_SECONDS", 0.05)
    server = make(concurrency=1, queue=0)
    with begin(server) as connection:
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 408 and b"did not arrive within 0.05 seconds" in answer.read()
    until(lambda: server.pool.count == 0)


def test_a_client_that_leaves_while_it_sends_is_nobodys_fault(server, caplog, begin, post, until):
    caplog.set_level(logging.WARNING)
    for reset in (True, False):
        for _ in range(5):
            with begin(server) as connection:
                until(lambda: server.pool.count == 1)
                if reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            until(lambda: server.pool.count == 0)
    assert post(server, 1).status_code == 200
    assert not caplog.records
