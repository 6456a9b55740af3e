import concurrent.futures
import gzip
import http.client
import io
import json
import logging
import re
import socket
import struct
import zlib

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
    status, headers, text = raw(server, HEAD + b"Content-Encoding: br\r\n\r\n" + BODY)
    assert status == 415 and b"must be gzip, deflate or identity. Received: br" in text
    assert headers["Accept-Encoding"] == "gzip, deflate"
    chunked = HEAD.replace(b"Content-Length: 18\r\n", b"Transfer-Encoding: gzip, chunked\r\n\r\n")
    status, _, text = raw(server, chunked + b"12\r\n" + BODY + b"\r\n0\r\n\r\n")
    assert status == 501 and b"Transfer-Encoding must be chunked. Received: gzip, chunked" in text
    old = HEAD.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Expect: 100-continue\r\n\r\n" + BODY
    with begin(server, old) as connection:  # which knows no answers before the answer
        assert connection.recv(100).startswith(b"HTTP/1.0 200 OK")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (b"Host: \xe9\xff", 403),
        (b"Host: localhost\r\nOrigin: http://\xe9", 403),
        (b"Host: localhost\r\nContent-Encoding: \xff", 415),
        (b"Host: localhost\r\nExpect: \xff", 417),
        (b"Host: localhost\r\nAccept-Encoding: \xff", 200),
    ],
)
def test_fields_of_any_bytes(server, raw, caplog, fields, status):
    found, _, text = raw(server, HEAD.replace(b"Host: localhost", fields) + b"\r\n" + BODY)
    assert found == status and not caplog.records
    assert status == 200 or "Received: " in json.loads(text)["error"] or "Unknown Expect" in str(text)


def test_fields_in_several_lines(server, raw):
    data = gzip.compress(BODY)
    head = HEAD.replace(b"Length: 18", b"Length: %d" % len(data))
    head += b"Content-Encoding: identity\r\nContent-Encoding: gzip\r\n\r\n"
    assert raw(server, head + data)[0] == 200
    lines = b"Host: localhost\r\nAccept-Encoding: br\r\nAccept-Encoding: gzip\r\n\r\n"
    assert raw(server, b"GET / HTTP/1.1\r\n" + lines)[1]["Content-Encoding"] == "gzip"


def test_the_page_and_its_headers(server):
    answer = requests.get(server.url, timeout=30)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = dict(part.split(maxsplit=1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert '<meta name="model" content="v1/models/adder">' in answer.text
    assert requests.get(f"{server.url}index.html", timeout=30).text == answer.text
    head = requests.head(server.url, headers={"Accept-Encoding": "identity"}, timeout=30)
    assert head.status_code == 200 and head.content == b""
    assert head.headers["Content-Length"] == str(len(answer.content))
    for script in re.findall(r'(?:src|href)="([\w.]+)"', answer.text):
        found = requests.get(server.url + script, timeout=30)
        assert found.content == (PAGE_DIR / script).read_bytes()
        assert found.headers["Content-Type"].split(";")[0] != "application/json"


def test_only_get_and_head_read_files(server):
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
        for path in ("", "monitoring/prometheus/metrics"):
            answer = requests.request(method, server.url + path, timeout=30)
            assert answer.status_code == 405 and answer.headers["Allow"] == "GET, HEAD"
            assert "Method not allowed" in answer.json()["error"]
    assert requests.head(f"{server.url}monitoring/prometheus/metrics", timeout=30).status_code == 200


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


def test_names_are_free_where_others_may_connect_which_is_told(make, port, capsys):
    server = make(host="0.0.0.0")
    url = f"http://127.0.0.1:{port(server)}/"
    assert requests.get(url, headers={"Host": "dogs.example"}, timeout=30).status_code == 200
    told = capsys.readouterr().err
    assert told.startswith("tfdogs.serve: warning: --host=0.0.0.0 ") and "--allowed_hosts" in told


def test_names_that_are_allowed(make, port, capsys):
    server = make(host="0.0.0.0", allowed_hosts="dogs.example, .pups.example")
    url = f"http://127.0.0.1:{port(server)}/"
    for host, status in (("Dogs.example:80", 200), ("a.pups.example", 200), ("cats.example", 403)):
        assert requests.get(url, headers={"Host": host}, timeout=30).status_code == status
    headers = {"Host": "dogs.example", "Origin": "https://cats.example"}
    assert requests.get(url, headers=headers, timeout=30).status_code == 403
    assert capsys.readouterr().err == ""
    server = make(allowed_hosts="dogs.example")  # on loopback, as behind a proxy
    assert requests.get(server.url, headers={"Host": "dogs.example"}, timeout=30).status_code == 200


def test_a_host_name_that_is_loopback_keeps_the_checks(make):
    server = make(host="LocalHost")
    assert requests.get(server.url, headers={"Host": "dogs.example"}, timeout=30).status_code == 403


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "GZIP", "identity"])
def test_bodies_that_are_packed(server, encoding):
    pack = {"deflate": zlib.compress, "identity": bytes}.get(encoding, gzip.compress)
    url, headers = f"{server.url}v1/models/adder:predict", {"Content-Encoding": encoding}
    answer = requests.post(url, data=pack(BODY), headers=headers, timeout=30)
    assert answer.json() == {"predictions": [2]}


def test_what_comes_out_of_a_packed_body_is_limited(make, post):
    server = make(max_request_mib=1)
    url, headers = f"{server.url}v1/models/adder:predict", {"Content-Encoding": "gzip"}
    bomb = gzip.compress(b" " * (2**20 + 1))
    assert len(bomb) < 2000
    answer = requests.post(url, data=bomb, headers=headers, timeout=30)
    assert answer.status_code == 413 and "1048576" in answer.json()["error"]
    assert "unpacked" in answer.json()["error"]
    bomb = gzip.compress(b" " * 2**24)[:-1000]
    answer = requests.post(url, data=bomb, headers=headers, timeout=30)
    assert answer.status_code == 413  # it is not unpacked to its end
    answer = requests.post(url, data=gzip.compress(BODY)[:-9], headers=headers, timeout=30)
    assert answer.status_code == 400 and "it ends too early" in answer.json()["error"]
    assert post(server, 1).status_code == 200


def test_answers_are_packed_where_it_is_asked_for_and_pays(server, post, raw):
    plain = post(server, *range(1000, 3000), headers={"Accept-Encoding": "identity"})
    small = post(server, *range(1000, 3000), headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert small.headers["Content-Encoding"] == "gzip" and small.json() == plain.json()
    assert int(small.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    for header in ("gzip;q=0", "identity, gzip;q=0.0", "*;q=0", "br"):
        answer = post(server, *range(1000, 3000), headers={"Accept-Encoding": header})
        assert "Content-Encoding" not in answer.headers
    assert "Content-Encoding" not in post(server, 1, headers={"Accept-Encoding": "gzip"}).headers
    for path, name in (("", "text/html; charset=utf-8"), ("style.css", "text/css; charset=utf-8")):
        page = requests.get(server.url + path, headers={"Accept-Encoding": "gzip"}, timeout=30)
        assert page.headers["Content-Encoding"] == "gzip" and page.headers["Content-Type"] == name


def test_what_prometheus_is_told(server, post):
    post(server, 1), post(server, -1), post(server, 2)
    requests.post(f"{server.url}v1/models/adder:predict", data=b"", headers={"Expect": "x"}, timeout=30)
    answer = requests.get(f"{server.url}monitoring/prometheus/metrics", timeout=30)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith(
        "text/plain; version=0.0.4"
    )
    lines = answer.text.splitlines()
    count = ':tensorflow:serving:request_count{model_name="adder",status='
    assert f'{count}"OK"}} 2' in lines and f'{count}"INVALID_ARGUMENT"}} 2' in lines
    labels = 'model_name="adder",API="predict",entrypoint="REST"'
    assert f":tensorflow:serving:request_latency_count{{{labels}}} 2" in lines
    assert f':tensorflow:serving:request_latency_bucket{{{labels},le="+Inf"}} 2' in lines
    assert 'tfdogs:serving:version{model_name="adder"} 1' in lines
    assert 'tfdogs:serving:run_count{model_name="adder"} 3' in lines  # of which one was refused


def test_clients_that_fail_are_told_to_prometheus_as_what_they_are(
    server, begin, post, until, waits_for, caplog
):
    with begin(server, HEAD.replace(b"Content-Length: 18", b"Transfer-Encoding: chunked") + b"\r\n") as slow:
        until(lambda: waits_for(server, "body") == 1)
        slow.sendall(b"zz\r\n")
        answer = http.client.HTTPResponse(slow)
        answer.begin()
        assert answer.status == 400 and b"Malformed body: Invalid character in chunk size" in answer.read()
        assert slow.recv(100) == b"" and not caplog.records
    with begin(server):
        until(lambda: waits_for(server, "body") == 1)
    until(lambda: waits_for(server, "body") == 0)
    assert post(server, 1).status_code == 200
    text = requests.get(f"{server.url}monitoring/prometheus/metrics", timeout=30).text
    counts = dict(re.findall(r'request_count{.*status="(\w+)"} (\d+)', text))
    assert counts == {"CANCELLED": "1", "INVALID_ARGUMENT": "1", "OK": "1"}


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


def test_there_is_a_place_for_a_body_or_it_is_not_read(make, gate, begin, post, raw, until):
    server = make(concurrency=1, queue=0)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(post, server, 13)
        assert gate.begun()
        with begin(server) as second:  # not all of it has been sent, and it is refused at once
            answer = http.client.HTTPResponse(second)
            answer.begin()
            assert answer.status == 503 and b"the server is full" in answer.read()
        expecting = HEAD + b"Expect: 100-continue\r\n\r\n"
        assert raw(server, expecting)[0] == 503
        gate.event.set()
        assert running.result(60).status_code == 200
    until(lambda: server.pool.count == 0)
    assert post(server, 1).status_code == 200


@pytest.mark.parametrize("data", [
    HEAD.replace(b"Length: 18", b"Length: 99999999999") + b"\r\n",
    HEAD.replace(b"Length: 18", b"Length: 0") + b"\r\n",
    HEAD + b"Expect: miracles\r\n\r\n" + BODY,
    HEAD + b"Content-Encoding: br\r\n\r\n" + BODY,
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


def test_a_body_that_never_comes_is_not_waited_for(make, monkeypatch, begin, post, until):
    monkeypatch.setattr("tfdogs.serving.http_body.BODY_SECONDS", 0.05)
    server = make(concurrency=1, queue=0)
    with begin(server) as connection:
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 408 and b"did not arrive within 0.05 seconds" in answer.read()
    assert post(server, 1).status_code == 200


def test_a_client_that_leaves_while_it_sends_is_nobodys_fault(server, caplog, begin, post, until, waits_for):
    caplog.set_level(logging.WARNING)
    for reset in (True, False):
        for _ in range(5):
            with begin(server) as connection:
                until(lambda: waits_for(server, "body") == 1)
                if reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            until(lambda: waits_for(server, "body") == 0)
    assert post(server, 1).status_code == 200
    assert not caplog.records
