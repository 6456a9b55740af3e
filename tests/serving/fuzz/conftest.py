"""A server to be asked wrongly, and the check that it answers well."""

import http.client
import json
import socket
import urllib.parse

import pytest
import requests

from tfdogs.serving.servable import Servable
from tfdogs.serving.serve_config import ServeConfig
from tfdogs.serving.server import Server

MODEL = "/v1/models/dogs"
GOOD = b'{"instances": [{"seed": 1, "truncation": 0.5, "label": -1}]}'


@pytest.fixture(scope="session")
def server(export_dir):
    """The conditional export, served: 3 classes, a latent of 6 numbers."""
    config = ServeConfig(export_dir=str(export_dir), port=0, max_request_mib=4, poll_seconds=0.1)
    with Server(config, load=Servable) as server:
        yield server


def _send(server, data):
    """Returns (status, content type, body) of the answer to one request on a connection of its own."""
    port = urllib.parse.urlsplit(server.url).port
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(data)
        answer = http.client.HTTPResponse(connection, method=data.split(b" ")[0].decode("latin-1"))
        answer.begin()
        return answer.status, answer.headers["Content-Type"], answer.read()


@pytest.fixture
def check(server):
    """Returns a function of malformed requests that sends them all and wants a 4xx and a reason for each."""

    def good():
        answer = requests.post(f"{server.url}{MODEL[1:]}:predict", data=GOOD, timeout=60)
        return answer.status_code, answer.content

    def check(malformed):
        before, wrong = good(), []
        assert before[0] == 200
        for data in malformed:
            status, kind, text = _send(server, data)
            sane = 400 <= status < 500 and kind == "application/json"
            if sane and not data.startswith(b"HEAD"):
                answer = json.loads(text)
                sane = answer.keys() == {"error"} and 0 < len(answer["error"]) < 2000
            if not sane:
                wrong.append((data[:300], status, text[:300]))
        assert not wrong, f"{len(wrong)} of {len(malformed)}: {wrong[:5]}"
        assert good() == before
        status = requests.get(server.url + MODEL[1:], timeout=60).json()["model_version_status"]
        assert status[0]["state"] == "AVAILABLE"

    return check


@pytest.fixture
def frame():
    """Returns a function that makes the bytes of a request."""

    def frame(method, path, text=b""):
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(text)}\r\n\r\n"
        return head.encode() + text

    return frame
