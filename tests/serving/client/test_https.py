"""REST over TLS, against a server whose certificate was made for the test."""

import shutil
import ssl
import subprocess

import pytest
import urllib3

from tfdogs.errors import UsageError
from tfdogs.serving.client import connect
from tfdogs.serving.client.retry import Retry
from tfdogs.serving.errors import ServingError


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """(certificate, key): paths of a self-signed one for 127.0.0.1."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the program openssl, which makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "cert.pem", folder / "key.pem"
    kind = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=tfdogs"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-out", paths[0], "-keyout", paths[1]]
    subprocess.run(["openssl", "req", *kind.split(), *names], check=True, capture_output=True)
    return paths


@pytest.fixture
def stub(running_stub, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with running_stub(context) as stub:
        yield stub


@pytest.fixture
def client(stub, certificate):
    with connect(stub.url, deadline=20.0, ca_file=str(certificate[0])) as client:
        yield client


def test_calls_go_through(client, stub, monkeypatch):
    assert stub.url.startswith("https://") and client.generate([7, 8]) == [b"7", b"8"]
    monkeypatch.setattr(urllib3.connection.HTTPSConnection, "_new_conn", None)  # the connection is kept
    assert client.generate(range(9)) == [str(seed).encode() for seed in range(9)]
    assert client.status() == [(3, "AVAILABLE"), (2, "END")]


def refused(client, code):
    with pytest.raises(ServingError) as caught:
        client.generate([5])
    assert caught.value.code == code and "\n" not in str(caught.value)
    return caught.value.message


def test_a_stranger_is_not_trusted(stub):
    with connect(stub.url, retries=0) as client:
        message = refused(client, "FAILED_PRECONDITION")
    assert message.startswith(f"the certificate of {stub.url}/v1/models/dogs is not trusted: self")
    assert not stub.gets and not stub.posts


def test_a_certificate_for_another_name_is_not_trusted(stub, certificate):
    with connect(stub.url.replace("127.0.0.1", "localhost"), ca_file=certificate[0]) as client:
        assert "is not trusted: " in refused(client, "FAILED_PRECONDITION")
    assert not stub.gets


@pytest.mark.parametrize("act", ["hang", "drip_body", "drip_head"])
def test_the_deadline_holds_whatever_the_server_does(client, stub, act):
    client.generate([1])
    stub.script.append(act)
    client._retry = Retry(0.3, 3)
    assert "no answer" in refused(client, "DEADLINE_EXCEEDED")
    assert len(stub.posts) == 2


def test_a_lost_connection_is_made_again(client, stub):
    stub.script.append("cut")
    assert client.generate([5]) == [b"5"] and len(stub.posts) == 2


def test_files_that_hold_no_certificates(tmp_path):
    (tmp_path / "empty.pem").touch()
    for path in (tmp_path / "empty.pem", tmp_path / "nowhere.pem"):
        with pytest.raises(UsageError, match=r"ca_file must be certificates in PEM \(.*\)\. Received: "):
            connect("https://a:1", ca_file=path)
