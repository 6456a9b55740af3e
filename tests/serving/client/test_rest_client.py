"""REST, against a server that does as it is told."""

import concurrent.futures
import subprocess
import sys

import numpy as np
import pytest
import urllib3

from tfdogs.errors import UsageError
from tfdogs.serving.client import connect
from tfdogs.serving.client.rest_client import RestClient
from tfdogs.serving.client.retry import Retry
from tfdogs.serving.errors import ServingError

BUSY = (503, {"error": "the queue is full"})


@pytest.fixture
def client(stub):
    with connect(stub.url, deadline=20.0) as client:
        yield client


def refused(call, code):
    with pytest.raises(ServingError) as caught:
        call()
    assert caught.value.code == code
    assert "\n" not in str(caught.value)
    return caught.value.message


def test_requests_are_tensorflow_servings_column_form(client, stub):
    assert client.generate([7, 2**62], truncation=0.7) == [b"7", str(2**62).encode()]
    assert stub.gets == ["/v1/models/dogs/metadata"]
    (request,) = stub.posts
    truncation = float(np.float32(0.7))
    assert request == {
        "signature_name": "serving_default",
        "inputs": {"seed": [7, 2**62], "truncation": [truncation, truncation]},
    }


def test_bytes_go_as_base64(client, stub):
    stub.script.append((200, {"outputs": [0.2, 1.0]}))
    found = client.discriminate([b"\xff\0", b""])
    assert stub.posts[0]["inputs"] == {"image_bytes": [{"b64": "/wA="}, {"b64": ""}]}
    assert found.dtype == np.float32 and found.tolist() == [np.float32(0.2), 1.0]


def test_pixels_come_with_their_dtype_and_shape(client, stub):
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
    stub.script.extend([(200, {"outputs": pixels.tolist()}), (200, {"outputs": []})])
    found = client.images([1, 2])
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, pixels)
    assert client.images([]).shape == (0, 2, 2, 3)


def test_several_outputs_and_strings_that_are_no_bytes(client, stub):
    stub.signatures = {
        "card": {"inputs": {"field": "DT_STRING"}, "outputs": {"value": "DT_STRING", "rank": "DT_INT32"}}
    }
    stub.script.append((200, {"outputs": {"value": ["ü"], "rank": [-1]}}))
    found = client.predict("card", {"field": ["ü"]})
    assert found["value"].tolist() == ["ü".encode()] and found["rank"].dtype == np.int32
    assert stub.posts[0]["inputs"] == {"field": [{"b64": "w7w="}]}


def test_status_and_versions(client, stub):
    assert client.status() == [(3, "AVAILABLE"), (2, "END")]
    with connect(f"{stub.url}/", name="my dogs", version=3) as other:
        other.generate([1])
        other.status()
    model = "/v1/models/my%20dogs/versions/3"
    assert stub.gets == ["/v1/models/dogs", f"{model}/metadata", model]


def test_a_busy_server_is_asked_again_until_it_answers(client, stub):
    stub.script.extend([BUSY, BUSY])
    assert client.generate([5]) == [b"5"]
    assert len(stub.posts) == 3 and stub.posts[0] == stub.posts[2]


@pytest.mark.parametrize("act", ["reset", "cut", (502, b"<html>bad gateway</html>"), (429, b"")])
def test_lost_connections_and_busy_gateways_are_tried_again(client, stub, act):
    stub.script.append(act)
    assert client.generate([5]) == [b"5"] and len(stub.posts) == 2


def test_a_server_that_stays_busy(stub):
    stub.script.extend([BUSY] * 9)
    with connect(stub.url, retries=2) as client:
        assert refused(lambda: client.generate([5]), "UNAVAILABLE") == "the queue is full"
    assert len(stub.posts) == 3


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (400, {"error": "seed must\nbe"}, "INVALID_ARGUMENT", "seed must be"),
        (400, {"error": "assertion failed: [a (0, 1].] [[{{node b}}]]"}, "INVALID_ARGUMENT", "a (0, 1]."),
        (404, {"error": "Servable not found"}, "NOT_FOUND", "Servable not found"),
        (413, b"too large", "INVALID_ARGUMENT", "HTTP status 413: too large"),
        (500, b"", "INTERNAL", "HTTP status 500:"),
        (301, b"", "INTERNAL", "HTTP status 301:"),
        (504, b"[]", "DEADLINE_EXCEEDED", "HTTP status 504: []"),
        (501, {"error": None}, "UNIMPLEMENTED", "None"),
        (200, b"no JSON", "INTERNAL", "the server sent no answer that is understood"),
        (200, b"[" * 100_000, "INTERNAL", "the server sent no answer that is understood"),
        (200, {"predictions": []}, "INTERNAL", "the server sent no prediction that is understood"),
        (200, {"outputs": [{"b64": "%"}]}, "INTERNAL", "the server sent no prediction that is understood"),
        (200, {"outputs": [3]}, "INTERNAL", "the server sent no prediction that is understood"),
    ],
)
def test_what_would_fail_again_is_not_tried_again(client, stub, status, body, code, message):
    stub.script.append((status, body))
    assert refused(lambda: client.generate([5]), code).startswith(message)
    assert len(stub.posts) == 1


@pytest.mark.parametrize("act", ["hang", "drip_body", "drip_head"])
def test_the_deadline_holds_whatever_the_server_does(client, stub, act):
    patient = client._retry
    client.generate([1])
    stub.script.append(act)
    client._retry = Retry(0.3, 3)
    assert "no answer" in refused(lambda: client.generate([5]), "DEADLINE_EXCEEDED")
    assert len(stub.posts) == 2
    client._retry = patient
    assert client.generate([6]) == [b"6"]


def test_the_deadline_is_over_all_tries(client, stub):
    client.generate([1])
    stub.script.extend([BUSY] * 99)
    client._retry = Retry(0.5, 99)
    with pytest.raises(ServingError):
        client.generate([5])
    assert 1 <= len(stub.posts) < 9


def test_a_server_that_is_not_there(dead_port):
    with connect(f"http://127.0.0.1:{dead_port}", retries=1) as client:
        message = refused(lambda: client.generate([5]), "UNAVAILABLE")
    assert message == f"http://127.0.0.1:{dead_port}/v1/models/dogs cannot be reached: Connection refused"


def test_a_server_that_comes_late(stub, monkeypatch):
    real, calls = urllib3.connection.HTTPConnection._new_conn, []

    def connect_late(self):
        calls.append(self)
        if len(calls) < 3:
            raise urllib3.exceptions.NewConnectionError(self, "refused")
        return real(self)

    monkeypatch.setattr(urllib3.connection.HTTPConnection, "_new_conn", connect_late)
    with connect(stub.url) as client:
        assert client.generate([5]) == [b"5"] and len(calls) == 3


def test_a_name_that_nobody_has():
    with connect("http://nobody.invalid:8501", retries=0) as client:
        assert "cannot be reached" in refused(client.status, "UNAVAILABLE")


def test_many_threads_share_a_client(client, stub):
    stub.script.extend([BUSY] * 3)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda seed: client.generate([seed, -seed]), range(40)))
    assert found == [[str(seed).encode(), str(-seed).encode()] for seed in range(40)]
    assert len(stub.posts) == 43


def test_connections_are_kept(client, stub, monkeypatch):
    client.generate([1])
    monkeypatch.setattr(urllib3.connection.HTTPConnection, "_new_conn", None)
    for seed in range(3):
        assert client.generate([seed]) == [str(seed).encode()]


def test_proxies_of_the_environment_are_not_used(client, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert client.generate([1]) == [b"1"]


@pytest.mark.parametrize(
    "url", ["http://", "https://", "http://a:b", "http://a:99999", "http://a:0", "http://a:1/?q=1", "a:1"]
)
def test_urls_that_are_none(url):
    with pytest.raises(UsageError, match=r"target must be http://HOST:PORT or https://HOST:PORT, without"):
        RestClient(url)


def test_no_tensorflow_is_needed():
    code = (
        "import sys\n"
        "from tfdogs.serving import client\n"
        "client.connect('http://127.0.0.1:1').close()\n"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
