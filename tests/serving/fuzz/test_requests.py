"""Requests that are no JSON, no HTTP, or for nothing that there is."""

import random
import zlib

MODEL = "/v1/models/dogs"
PREDICT = f"{MODEL}:predict"
GOOD = b'{"instances": [{"seed": 1, "truncation": 0.5, "label": -1}]}'


def wrong_json():
    """Bytes that are no JSON, or no object."""
    pick = random.Random(0)
    for _ in range(40):
        yield GOOD[: pick.randrange(1, len(GOOD))]
        position = pick.randrange(len(GOOD))
        yield GOOD[:position] + bytes([pick.choice((0xFF, 0xC0, 0xED, 0x80, 0))]) + GOOD[position + 1 :]
    yield from (
        b"",
        b" ",
        b"\0",
        b"null",
        b"1",
        b'"x"',
        b"[]",
        b"[1]",
        b"{",
        b"}",
        b"{]",
        b"{}{}",
        b"nan",
        b"\xef\xbb\xbf",
    )
    yield from (b"[" * 10**5, b'{"a":' * 10**5, b'{"instances":' + b"[" * 900 + b"]" * 900 + b"}")
    yield from (
        GOOD.decode().encode("utf-16"),
        GOOD.replace(b'"', b"'"),
        GOOD + b"x",
        GOOD[:-1] + b",}",
        b"9" * 5000,
    )
    yield from (b'{"instances": [' + b"9" * 5000 + b"]}", zlib.compress(GOOD), bytes(range(256)) * 64)


def wrong_paths():
    """(method, path) that there is nothing at, or not for this method."""
    for tail in ("7", "0", "99999999999999999999", "9" * 500, "-1", "1.0", "one", "", "1/2", "%31", "1%00"):
        yield "POST", f"{MODEL}/versions/{tail}:predict"
        yield "GET", f"{MODEL}/versions/{tail}/metadata"
    for name in (
        "half",
        "DOGS",
        "",
        "dogs%00",
        "dogs/",
        "%2e%2e",
        "dogs%2f..",
        "..",
        "\\",
        "dogs;x",
        "a" * 3000,
    ):
        yield "POST", f"/v1/models/{name}:predict"
        yield "GET", f"/v1/models/{name}/metadata"
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "PROPFIND", "BREW"):
        yield method, PREDICT
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        yield method, MODEL
        yield method, "/"
        yield method, "/index.html"
    for call in ("classify", "regress", "predict:predict", "", "train", "predict/", "predict%20"):
        yield "POST", f"{MODEL}:{call}" if call else f"{MODEL}:"
    for label in ("stable", "%00", "a%20b"):
        yield "POST", f"{MODEL}/labels/{label}:predict"
    secret = "etc/passwd"
    for step in (
        "../",
        "..%2f",
        "%2e%2e/",
        "%2e%2e%2f",
        "..\\",
        "..%5c",
        "....//",
        "%252e%252e%252f",
        "..;/",
        "..%c0%af",
    ):
        for root in ("/", "/v1/", "/reals/", "/page/", "/index.html/"):
            yield "GET", f"{root}{step * 6}{secret}"
    for path in (
        "//",
        "///etc/passwd",
        "/v1",
        "/v2/models/dogs",
        "/%00",
        "/~root",
        "/.git/config",
        "/reals/0.png",
        "/reals/",
    ):
        yield "GET", path


def wrong_http():
    """Bytes that are no request, or one whose length is wrong."""
    head = f"POST {PREDICT} HTTP/1.1\r\nHost: localhost\r\n".encode()
    for length in (
        b"-1",
        b"abc",
        b"1 2",
        b"0x10",
        b"",
        b"1\r\nContent-Length: 2",
        b"99999999999999999999",
        b"1e3",
    ):
        yield head + b"Content-Length: " + length + b"\r\n\r\n{}"
    yield head + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"
    yield head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    yield head + b"Transfer-Encoding: miracles\r\n\r\n{}"
    yield head + b"Content-Length: 2\r\nContent-Encoding: gzip\r\n\r\n{}"
    yield head + b"Content-Length: 2\r\nExpect: miracles\r\n\r\n{}"
    yield head + b"Content-Length: 1073741824\r\n\r\n"
    yield b"GET / HTTP/1.1\r\nHost: dogs.example\r\n\r\n"
    yield b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n"
    yield b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"GET / HTTP/1.1\r\nHost: localhost\r\nno header\r\n\r\n"
    yield b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n"
    yield b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 500 + b"\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50) + b"\r\n\r\n"
    yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield b"\r\n\r\n\r\nnonsense\r\n\r\n"


def test_bodies_that_are_no_json(check, frame):
    check([frame("POST", PREDICT, text) for text in dict.fromkeys(wrong_json())])


def test_paths_that_lead_nowhere(check, frame):
    check([frame(method, path, GOOD if method == "POST" else b"") for method, path in wrong_paths()])


def test_bytes_that_are_no_request(check):
    check(list(wrong_http()))
