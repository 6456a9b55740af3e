"""Requests that are wrong in hundreds of ways, always the same: each gets its 4xx and its reason."""

import base64
import http.client
import io
import itertools
import json
import random
import socket
import struct
import urllib.parse
import zlib

import pytest
import requests
from PIL import Image

from tfdogs.serving.servable import Servable
from tfdogs.serving.serve_config import ServeConfig
from tfdogs.serving.server import Server

MODEL = "/v1/models/dogs"
PREDICT = f"{MODEL}:predict"


def png(width=8, height=8):
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (90, 120, 30)).save(file, "PNG")
    data = bytearray(file.getvalue())
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)


def b64(data):
    return {"b64": base64.b64encode(data).decode()}


# A good row of each signature of the conditional export: 3 classes, a latent of 6 numbers.
GOOD = {
    "serving_default": {"seed": 1, "truncation": 0.5, "label": -1},
    "images": {"seed": -(2**63), "truncation": 0.0, "label": 2},
    "from_latents": {"z": [0.5] * 6, "label": 0},
    "interpolate": {
        "seed_from": 1, "seed_to": 2, "fraction": 0.5, "truncation": 0.0, "label_from": -1, "label_to": 1,
    },
    "discriminate": {"image_bytes": b64(png()), "label": 0},
    "card": {"field": "classes"},
}  # fmt: skip

NOT_ONE_VALUE = [None, True, "1", [], [1], {}, {"b64": "AA=="}, {"b64": "AA==", "c": 1}, {"a": {}}, [[[[1]]]]]
NOT_AN_INT = [*NOT_ONE_VALUE, 1.0, 1e3, 2**63, -(2**63) - 1, 10**400, float("nan"), float("-inf")]
NOT_A_LABEL = [*NOT_AN_INT, 3, -2, 2**31, 2**31 - 1, -(2**31) - 1]
NOT_A_FLOAT = [*NOT_ONE_VALUE, 16777217, 10**400, 1e39, -1e39]
NOT_A_TRUNCATION = [*NOT_A_FLOAT, float("nan"), float("inf"), float("-inf"), -0.001, -1, 1000.5, 1e38]
NOT_A_FRACTION = [*NOT_A_FLOAT, float("nan"), float("inf"), -0.001, 1.001, 1e30]
Z = [0.5] * 5  # of 6
NOT_A_LATENT = [
    None, 1.5, "z", {}, [], Z, [*Z, 1, 1], [[0.5] * 6], [[0.5]] * 6, [*Z, None], [*Z, [0.5]],
    [*Z, float("nan")], [*Z, float("inf")], [*Z, 1e39], ["a"] * 6, [True] * 6,
]  # fmt: skip
NOT_A_PICTURE = [
    None, 1, 1.5, True, [], ["a"], {}, {"b64": 1}, {"b64": None}, {"b64": "A"}, {"b64": "!!!!"},
    {"b64": "A=A="}, {"b64": "\u00e9"}, {"B64": "AAAA"}, "", "a picture", "\ud800", b64(b""),
    b64(b"\0" * 100), b64(b"GIF89a" + b"\0" * 50), b64(b"BM" + b"\0" * 60), b64(b"RIFF\0\0\0\0WEBPVP8 "),
    b64(b"\xff\xd8\xff\xe0" + b"\0" * 30), b64(png()[:20]), b64(png()[:-20]), b64(png()[1:]),
    b64(png(1 << 13, 1 << 13)), b64(png(2**31 - 1, 2**31 - 1)), b64(png(0, 0)),
]  # fmt: skip
NOT_A_FIELD = [
    None, 1, True, [], ["model"], {}, {"b64": "?"}, "", "nope", "Model", "../card", "model\0", "\ud800",
    "x" * 10**5,
]  # fmt: skip
WRONG = {
    "seed": NOT_AN_INT, "seed_from": NOT_AN_INT, "seed_to": NOT_AN_INT, "truncation": NOT_A_TRUNCATION,
    "fraction": NOT_A_FRACTION, "label_from": NOT_A_LABEL, "label_to": NOT_A_LABEL, "label": NOT_A_LABEL,
    "z": NOT_A_LATENT, "image_bytes": NOT_A_PICTURE, "field": NOT_A_FIELD,
}  # fmt: skip
# Labels of real rows: a walk and a picture have no label "of the seed's own" where the row has no seed.
NO_SEED = {"from_latents", "discriminate"}


def body(signature, **parts):
    return json.dumps({"signature_name": signature, **parts}).encode()


def wrong_values():
    """A wrong value in the last of three rows; every other one in column form."""
    turns = itertools.count()
    for signature, row in GOOD.items():
        for name in row:
            extra = [-1] if name == "label" and signature in NO_SEED else []
            for value in (*WRONG[name], *extra):
                rows = [row, row, {**row, name: value}]
                if next(turns) % 2:
                    yield body(signature, instances=rows)
                else:
                    yield body(signature, inputs={key: [row[key] for row in rows] for key in row})


def wrong_forms():
    """Requests whose values are right and whose form is not."""
    for signature, row in GOOD.items():
        rows = [row, row]
        columns = {key: [value, value] for key, value in row.items()}
        yield body(signature)
        yield body(signature, instances=[])
        yield body(signature, instances=row)
        yield body(signature, instances=None)
        yield body(signature, instances=rows, inputs=columns)
        yield body(signature, instances=[*rows, 5])
        yield body(signature, instances=[*rows, {}])
        yield body(signature, instances=[{**row, "more": 1}])
        yield body(signature, inputs={})
        yield body(signature, inputs=None)
        yield body(signature, Inputs=columns)
        yield body(signature + " ", instances=rows)
        for key in row:
            yield body(signature, instances=[row, {name: row[name] for name in row if name != key}])
            yield body(signature, inputs={name: columns[name] for name in row if name != key})
            yield body(signature, inputs={**columns, key: row[key]})
            yield body(signature, inputs={**columns, key: [columns[key]]})
            if len(row) > 1:
                yield body(signature, inputs={**columns, key: columns[key][:1]})
                yield body(signature, inputs={**columns, key: []})
        yield body(signature, inputs={key: [value] * 1025 for key, value in row.items()})
    for name in (
        None,
        1,
        [],
        {},
        True,
        "nope",
        "__saved_model_init_op",
        "Serving_default",
        "\ud800",
        "x" * 10**6,
    ):
        yield body(name, instances=[GOOD["serving_default"]])


def wrong_json():
    """Bytes that are no JSON, or no object."""
    good = body("serving_default", instances=[GOOD["serving_default"]])
    pick = random.Random(0)
    for _ in range(40):
        yield good[: pick.randrange(1, len(good))]
        position = pick.randrange(len(good))
        yield good[:position] + bytes([pick.choice((0xFF, 0xC0, 0xED, 0x80, 0))]) + good[position + 1 :]
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
        good.decode().encode("utf-16"),
        good.replace(b'"', b"'"),
        good + b"x",
        good[:-1] + b",}",
        b"9" * 5000,
    )
    yield from (b'{"instances": [' + b"9" * 5000 + b"]}", zlib.compress(good), bytes(range(256)) * 64)


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


def corpus():
    """All of them, as bytes to send."""
    bodies = [*wrong_values(), *wrong_forms(), *wrong_json()]
    good = body("serving_default", instances=[GOOD["serving_default"]])
    requests = [("POST", PREDICT, text) for text in bodies]
    requests += [(method, path, good if method == "POST" else b"") for method, path in wrong_paths()]
    for method, path, text in requests:
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(text)}\r\n\r\n"
        yield head.encode() + text
    yield from wrong_http()


@pytest.fixture(scope="module")
def server(export_dir):
    config = ServeConfig(export_dir=str(export_dir), port=0, max_request_mib=4, poll_seconds=0.1)
    with Server(config, load=Servable) as server:
        yield server


def send(server, data):
    """Returns (status, content type, body) of the answer to one request on a connection of its own."""
    port = urllib.parse.urlsplit(server.url).port
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(data)
        answer = http.client.HTTPResponse(connection, method=data.split(b" ")[0].decode("latin-1"))
        answer.begin()
        return answer.status, answer.headers["Content-Type"], answer.read()


def test_the_good_rows_are_good(server):
    for signature, row in GOOD.items():
        for parts in ({"instances": [row] * 3}, {"inputs": {key: [value] * 3 for key, value in row.items()}}):
            answer = requests.post(server.url + PREDICT[1:], data=body(signature, **parts), timeout=60)
            assert answer.status_code == 200, answer.text


def test_each_of_500_malformed_requests_gets_a_4xx_and_a_reason(server):
    malformed = list(dict.fromkeys(corpus()))
    assert len(malformed) >= 500
    good = body("serving_default", instances=[GOOD["serving_default"]])
    before = requests.post(server.url + PREDICT[1:], data=good, timeout=60)
    assert before.status_code == 200
    wrong = []
    for data in malformed:
        status, kind, text = send(server, data)
        sane = 400 <= status < 500 and kind == "application/json"
        if sane and not data.startswith(b"HEAD"):
            answer = json.loads(text)
            sane = answer.keys() == {"error"} and 0 < len(answer["error"]) < 2000
        if not sane:
            wrong.append((data[:300], status, text[:300]))
    assert not wrong, f"{len(wrong)} of {len(malformed)}: {wrong[:5]}"
    after = requests.post(server.url + PREDICT[1:], data=good, timeout=60)
    assert (after.status_code, after.content) == (200, before.content)
    assert (
        requests.get(server.url + MODEL[1:], timeout=60).json()["model_version_status"][0]["state"]
        == "AVAILABLE"
    )
