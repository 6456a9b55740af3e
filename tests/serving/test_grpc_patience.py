import asyncio
import contextlib
import socket
import threading
import time

import pytest

pytest.importorskip("grpc", reason="needs gRPC")

import grpc

from tfdogs.serving import grpc_patience

METHOD = "/test.Service/Repeat"
MIB = 2**20


async def serve(open_calls, options):
    """Starts a server whose method answers with as many bytes as its message says."""

    async def repeat(message, context):
        open_calls.append(asyncio.current_task())
        return bytes(int(message))

    server = grpc.aio.server(interceptors=[grpc_patience.Patience()], options=list(options.items()))
    handlers = {"Repeat": grpc.unary_unary_rpc_method_handler(repeat)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Service", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


@pytest.fixture
def calls():
    """The tasks of the calls whose messages have arrived."""
    return []


@pytest.fixture
def port(run, calls, request):
    """Of a server, of whose options a test may change some."""
    server, port = run(serve(calls, {**grpc_patience.options(), **getattr(request, "param", {})}))
    yield port
    run(server.stop(None))


@pytest.fixture
def channel(port):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel


def send(channel, messages):
    """Begins a call of messages that come as they like."""
    return channel.stream_unary(METHOD).future(iter(messages), timeout=60)


class Later:
    """A message that is yet to come."""

    def __init__(self):
        self._event = threading.Event()

    def come(self):
        self._event.set()

    def __iter__(self):
        assert self._event.wait(60)
        yield b"5"


def told(call):
    error = call.exception(60)
    return error.code().name, error.details()


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_call_is_what_it_was(channel):
    assert channel.unary_unary(METHOD)(b"3", timeout=60) == bytes(3)
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/test.Service/Nothing")(b"3", timeout=60)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_message_that_never_comes_is_not_waited_for(channel, monkeypatch):
    monkeypatch.setattr(grpc_patience, "MESSAGE_SECONDS", 0.2)
    later = Later()
    late = "DEADLINE_EXCEEDED", "The message did not arrive within 0.2 seconds"
    assert told(send(channel, later)) == late
    later.come()
    assert told(send(channel, [])) == ("INVALID_ARGUMENT", "The call has no message")
    assert channel.unary_unary(METHOD)(b"3", timeout=60) == bytes(3)


def test_the_longest_waited_for_makes_room(channel, monkeypatch):
    monkeypatch.setattr(grpc_patience, "MAX_ARRIVING", 2)
    messages = [Later() for _ in range(3)]
    first, *others = [send(channel, later) for later in messages]
    assert told(first) == ("UNAVAILABLE", "too many messages arrive at a time; try again later")
    for later in messages:
        later.come()
    assert [call.result(60) for call in others] == [bytes(5)] * 2


def test_of_many_that_come_at_once_no_more_are_kept(channel, monkeypatch):
    monkeypatch.setattr(grpc_patience, "MAX_ARRIVING", 5)
    messages = [Later() for _ in range(40)]
    calls = [send(channel, later) for later in messages]
    until(lambda: sum(call.done() for call in calls) >= 35)
    for later in messages:
        later.come()
    assert sum(call.exception(60) is None for call in calls) == 5


def pass_on(listener, port, most):
    """Connects a client to the server, and passes on only so many bytes of what that answers."""
    client, _ = listener.accept()
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    server.connect(("127.0.0.1", port))

    def send():
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)

    threading.Thread(target=send, daemon=True).start()
    while most > 0 and (data := server.recv(4096)):
        most -= len(data)
        client.sendall(data)
    return client, server


@pytest.mark.parametrize(
    "port", [{"grpc.keepalive_time_ms": 1500, "grpc.keepalive_timeout_ms": 1500}], indirect=True
)
def test_an_answer_that_nobody_reads_is_not_kept(port, calls):
    options = [("grpc.max_receive_message_length", -1)]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with grpc.insecure_channel(f"127.0.0.1:{listener.getsockname()[1]}", options=options) as channel:
            call = channel.unary_unary(METHOD).future(b"%d" % (32 * MIB), timeout=60)
            ends = pass_on(listener, port, 100_000)
            until(lambda: len(calls) == 1)
            assert not call.done()
            until(calls[0].done)  # for its connection has ended
            assert not call.done() or call.exception()
        for end in ends:
            end.close()
