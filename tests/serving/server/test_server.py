import concurrent.futures
import functools
import re
import socket
import threading

import pytest
import requests

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.serving.serve_config import ServeConfig
from tfdogs.serving.server import Server

BODY = b'{"instances": [1]}'
HEAD = (
    f"POST /v1/models/adder:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}\r\n".encode()
)


def test_it_serves(server, post):
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


def test_a_full_queue_refuses_the_surplus_and_serves_the_rest(make, gate, post):
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


def test_status_is_told_while_the_queue_is_full(make, gate, post):
    server = make(concurrency=1, queue=0)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(post, server, 13)
        assert gate.begun()
        assert requests.get(f"{server.url}v1/models/adder", timeout=30).status_code == 200
        assert post(server, 1).status_code == 503
        gate.event.set()
        assert running.result(60).status_code == 200


def test_a_request_that_is_given_up_leaves_the_queue(make, gate, post, port, until):
    server = make(concurrency=1, queue=1)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(post, server, 13)
        assert gate.begun()
        with socket.create_connection(("127.0.0.1", port(server))) as connection:
            connection.sendall(HEAD + b"\r\n" + BODY)
            until(lambda: server.pool.count == 2)
        until(lambda: server.pool.count == 1)
        gate.event.set()
        assert running.result(60).status_code == 200


@pytest.mark.parametrize("together", [False, True])
def test_a_new_version_under_load_drops_nothing(make, gate, tmp_path, post, until, together):
    def load(folder):
        servable = gate.load(folder)
        servable.key = id(servable) if together else None
        return servable

    server = make(load=load)
    stop, answers = threading.Event(), []

    def ask():
        with requests.Session() as session:
            while not stop.is_set():
                answer = session.post(
                    f"{server.url}v1/models/adder:predict", json={"instances": [0]}, timeout=30
                )
                answers.append((answer.status_code, answer.json()["predictions"][0]))

    def served(version):
        assert not any(future.done() for future in asking)
        return (200, version) in answers[-50:]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        try:
            for version in (1, 2, 3, 4):
                (tmp_path / str(version)).mkdir(exist_ok=True)
                until(functools.partial(served, version))
        finally:
            stop.set()
        for future in asking:
            future.result()
    assert {status for status, _ in answers} == {200}
    assert {found for _, found in answers} == {1, 2, 3, 4}


def test_requests_in_flight_finish_on_the_old_version(server, gate, tmp_path, post, until):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(post, server, 13)
        assert gate.begun()
        (tmp_path / "2").mkdir()
        until(lambda: post(server, 0).json() == {"predictions": [2]})
        gate.event.set()
        assert running.result(60).json() == {"predictions": [14]}


def test_stopping_lets_requests_finish_and_takes_no_more(make, post, until, make_gate):
    def turned_away(server):
        try:
            return not post(server, 1)
        except requests.ConnectionError:
            return True

    for _ in range(10):  # what is being accepted at that moment must be answered or turned away, too
        gate = make_gate()
        server = make(load=gate.load)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            running = pool.submit(post, server, 13)
            assert gate.begun()
            stopped = pool.submit(server.stop)
            until(functools.partial(turned_away, server))
            assert not running.done() and not stopped.done()
            gate.event.set()
            assert running.result(60).json() == {"predictions": [14]}
            assert stopped.result(60) == 0
        assert server.stop() == 0


def test_stopping_cuts_off_what_takes_too_long(make, gate, post):
    server = make(grace_seconds=0.0)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(post, server, 13)
        assert gate.begun()
        assert server.stop() == 1
        with pytest.raises(requests.ConnectionError):
            running.result(60)


def test_a_fault_of_ours_is_a_500_that_tells_nothing(server, caplog, post):
    answer = post(server, 666)
    assert answer.status_code == 500
    assert answer.json() == {"error": "Internal error; the server's own output says more"}
    assert "a fault of ours" in caplog.text
    assert post(server, 1).status_code == 200


def test_what_it_cannot_start_with(make, tmp_path, port):
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
        ({"allowed_hosts": "dogs.example:80"}, "--allowed_hosts must be names or addresses without port"),
        ({"allowed_hosts": "http://dogs.example"}, "--allowed_hosts must be names or addresses without port"),
        ({"allowed_hosts": "*.dogs.example"}, "commas (all names below one: .NAME). Received"),
        ({"concurrency": 0}, "--concurrency must be at least 1"),
        ({"queue": -1}, "--queue must be at least 0"),
        ({"poll_seconds": 0.0}, "--poll_seconds must be at least 0.01"),
        ({"grace_seconds": float("nan")}, "--grace_seconds must be a finite number"),
    ],
)
def test_flags_that_are_refused(flags, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        ServeConfig(**{"export_dir": "exports", **flags})
