"""Calls by gRPC that cost the server little: slow ones end, and the longest ones make room for others."""

import asyncio

import grpc

from tfdogs.serving import file_limits

MESSAGE_SECONDS = 30.0  # for a message to arrive in
MAX_ARRIVING = 256  # messages that arrive at the same time
MAX_CONNECTIONS = 1000  # that are open, if the process may have so many files


def options():
    """Returns options of a server that ends connections which are no use, a dict."""
    return {
        "grpc.server_handshake_timeout_ms": 10_000,
        "grpc.max_connection_idle_ms": 75_000,  # a client comes again by itself
        # Who reads no answer, or is gone, answers no pings either.
        "grpc.keepalive_time_ms": 30_000,
        "grpc.keepalive_timeout_ms": 20_000,
        "grpc.max_allowed_incoming_connections": file_limits.connections(MAX_CONNECTIONS, file_limits.GRPC),
    }


class Patience(grpc.aio.ServerInterceptor):
    """Gives the message of each call `MESSAGE_SECONDS`.

    gRPC begins a method that takes one message when that is whole, however long this takes, and a method
    that takes a stream at once. On the wire the two are the same; so all methods are streams to gRPC, and
    their message is waited for here. Over `MAX_ARRIVING`, that call ends which has been waited for longest.
    """

    def __init__(self):
        self._arriving = {}  # tasks, the oldest first

    async def intercept_service(self, continuation, handler_call_details):
        """Called by gRPC for each call."""
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler

        async def call(_, context):
            await context.write(await handler.unary_unary(await self._receive(context), context))

        return grpc.stream_stream_rpc_method_handler(
            call, handler.request_deserializer, handler.response_serializer
        )

    async def _receive(self, context):
        task = asyncio.ensure_future(context.read())
        self._arriving[task] = None
        if len(self._arriving) > MAX_ARRIVING:
            oldest = next(iter(self._arriving))
            del self._arriving[oldest]  # here: others may come before its call goes on
            oldest.cancel()
        try:
            await asyncio.wait([task], timeout=MESSAGE_SECONDS)
            late = not task.done()
        finally:
            task.cancel()
            self._arriving.pop(task, None)
        if late:
            text = f"The message did not arrive within {MESSAGE_SECONDS:g} seconds"
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, text)
        if task.cancelled():
            text = "too many messages arrive at a time; try again later"
            await context.abort(grpc.StatusCode.UNAVAILABLE, text)
        message = task.result()
        if message is grpc.aio.EOF:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The call has no message")
        return message
