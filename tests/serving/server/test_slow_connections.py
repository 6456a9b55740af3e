"""Clients that send or read slowly take nothing from others, neither places nor memory nor connections."""

import contextlib
import http.client
import json
import socket

import pytest
import requests

from tfdogs.serving import http_connection

BODY = b'{"instances": [1]}'
HEAD = "POST /v1/models/adder:predict HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def limits(monkeypatch):
    """Returns a function that sets limits of the module."""

    def limits(**values):
        for name, value in values.items():
            monkeypatch.setattr(http_connection, name, value)

    return limits


def answer(connection):
    found = http.client.HTTPResponse(connection)
    found.begin()
    return found.status, json.loads(found.read())


def test_bodies_that_arrive_slowly_take_no_places(make, begin, post, until, waits_for):
    server = make(concurrency=1, queue=1)
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(begin(server)) for _ in range(8)]  # four times the places
        until(lambda: waits_for(server, "body") == len(slow))
        assert server.pool.count == 0
        for byte in BODY[5:-1]:
            for connection in slow:
                connection.sendall(bytes([byte]))
            assert post(server, 2).json() == {"predictions": [3]}
        slow[3].sendall(BODY[-1:])
        assert answer(slow[3]) == (200, {"predictions": [2]})


def test_a_head_that_arrives_slowly_is_not_waited_for(make, begin, limits):
    limits(HEAD_SECONDS=0.2)
    server = make()
    with begin(server, b"GET / HTTP/1.1\r\nHost: loc") as connection:
        with contextlib.suppress(ConnectionError):
            for _ in range(3):  # it is never idle, and never done
                connection.sendall(b"al")
        assert answer(connection) == (
            408,
            {"error": "The request's head did not arrive within 0.2 seconds"},
        )


def test_a_connection_between_two_requests_is_not_hurried(make, limits, until):
    limits(HEAD_SECONDS=0.01)
    server = make()
    with requests.Session() as session:
        assert session.get(server.url, timeout=30).status_code == 200
        (connection,) = server.connections()
        until(lambda: connection.stage == "head")
        until(lambda: connection._loop.time() > connection.since + 0.05)
        assert session.get(server.url, timeout=30).status_code == 200
        assert server.connections() == [connection]


def test_the_longest_waited_for_makes_room(make, begin, post, limits, until, waits_for):
    limits(MAX_CONNECTIONS=4)
    server = make()
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(begin(server, data)) for data in (b"GET", b"GE", b"G", b"")]
        until(lambda: len(server.connections()) == 4)
        assert post(server, 1).status_code == 200
        assert slow[0].recv(100) == b""  # which may be a reset, too
        slow[1].sendall(b"T / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        found = http.client.HTTPResponse(slow[1])
        found.begin()
        assert found.status == 200


def test_memory_for_bodies_goes_to_those_who_come_last(make, begin, post, limits, until, waits_for, raw):
    limits(MAX_HELD=50_000)
    server = make()
    head = f"{HEAD}Content-Length: 100000\r\n\r\n".encode()
    with begin(server, head + b" " * 30_000) as first:
        until(lambda: waits_for(server, "body") == 1 and server.connections()[0].held == 30_000)
        with begin(server, head + b" " * 30_000):
            assert answer(first) == (503, {"error": "the body was slow and others came; try again later"})
            assert post(server, 1).status_code == 200
            until(lambda: [c.held for c in server.connections() if c.stage == "body"] == [30_000])
        until(lambda: waits_for(server, "body") == 0)
    until(lambda: server._http._held == 0)


def many():
    """Asks for an answer that is much larger than what the system takes from the server."""
    numbers = json.dumps({"instances": [10**15] * 400_000}).encode()
    head = (
        f"POST /v1/models/adder:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(numbers)}\r\n\r\n"
    )
    return head.encode() + numbers


def lazy(server, port):
    """A connection that takes little at a time."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", port(server)))
    connection.sendall(many())
    return connection


def test_an_answer_that_nobody_reads_is_not_kept(make, post, limits, until, waits_for, port):
    limits(ANSWER_SECONDS=0.2, ANSWER_RATE=2**40)
    server = make(concurrency=1, queue=0)
    with lazy(server, port):
        until(lambda: waits_for(server, "answer") == 1)
        assert server.pool.count == 0 and server._http._held > 4_000_000
        assert post(server, 1).status_code == 200
        until(lambda: server.connections() == [] or waits_for(server, "answer") == 0)
    until(lambda: server._http._held == 0)


def test_memory_for_answers_goes_to_those_who_come_last(make, limits, until, waits_for, port):
    limits(MAX_HELD=10_000_000)
    server = make()
    with lazy(server, port):
        until(lambda: waits_for(server, "answer") == 1)
        first = next(c for c in server.connections() if c.stage == "answer")
        with lazy(server, port):
            until(lambda: first not in server.connections() and waits_for(server, "answer") == 1)
    until(lambda: server._http._held == 0)


def test_an_answer_that_is_read_slowly_arrives(make, until, waits_for, port):
    server = make()
    with lazy(server, port) as connection:
        until(lambda: waits_for(server, "answer") == 1)
        status, told = answer(connection)
        assert status == 200 and len(told["predictions"]) == 400_000
