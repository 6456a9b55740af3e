"""Connections that cost the server little: slow ones end, and the longest ones make room for others."""

import json

from aiohttp import web

from tfdogs.serving import file_limits

HEAD_SECONDS = 10.0  # for a request's head to arrive in, once it has begun
IDLE_SECONDS = 75.0  # for the next request on a connection
ANSWER_SECONDS, ANSWER_RATE = 30.0, 2**16  # for an answer to leave in: so long, and so many bytes a second
MAX_CONNECTIONS = 1000  # that are open, if the process may have so many files
MAX_HELD = 2**28  # bytes of bodies that arrive and of answers that leave

# What the server waits for on a connection; its own work is no such stage.
HEAD, BODY, WORK, ANSWER = "head", "body", "work", "answer"


class LimitedServer(web.Server):
    """A server whose slow connections take nothing from others.

    A connection has `HEAD_SECONDS` for a request's head, `IDLE_SECONDS` until the next one, and for an answer
    a time that follows its size. Over `MAX_CONNECTIONS`, and over `MAX_HELD` bytes, that connection ends
    which the server has waited for longest.

    Args:
        handler, options: as `aiohttp.web.Server`.
    """

    def __init__(self, handler, **options):
        super().__init__(handler, **options)
        self._most, self._held = file_limits.connections(MAX_CONNECTIONS, file_limits.HTTP), 0

    def connection_made(self, handler, transport):
        """Called by aiohttp."""
        super().connection_made(handler, transport)
        if len(self.connections) > self._most:
            self._end_longest(lambda connection: connection is not handler)

    def hold(self, connection, count):
        """Notes that the server keeps so many bytes more for a connection, or fewer where it is negative."""
        connection.held += count
        self._held += count
        while self._held > MAX_HELD and self._end_longest(lambda other: other.held > 0):
            pass

    def _end_longest(self, may_end):
        """Ends the connection that is waited for longest; says whether there was one."""
        waited_for = [c for c in self.connections if c.stage != WORK and may_end(c)]
        if not waited_for:
            return False
        min(waited_for, key=lambda connection: connection.since).end()
        return True


class Connection(web.RequestHandler):
    """A connection that knows what it is waited for.

    Attributes:
        stage: `HEAD`, `BODY`, `WORK` or `ANSWER`.
        since: when the stage began, by the loop's clock.
        held: bytes that the server keeps for it.
        malformed: what is wrong with the body that has been sent, or "".
    """

    __slots__ = ("_give_up", "_head_timer", "_server", "held", "malformed", "since", "stage")

    def connection_made(self, transport):
        """Called by asyncio."""
        self._head_timer, self._server, self.held, self.malformed = None, self._manager, 0, ""
        self.enter(HEAD)
        super().connection_made(transport)
        # An answer is waited for until the system has all of it, so that nothing is left to be sent later.
        transport.set_write_buffer_limits(0)

    def connection_lost(self, exc):
        """Called by asyncio."""
        self._stop_head_timer()
        super().connection_lost(exc)

    def data_received(self, data):
        """Called by asyncio."""
        super().data_received(data)
        if self.stage == BODY and self._messages and not self._current_request.content.is_eof():
            self._break_off(self._messages[0][0].message)
        if self._waiter is None or self._messages:  # it is no head, or one that is whole
            self._stop_head_timer()
        elif self._head_timer is None:
            self._head_timer = self._loop.call_later(HEAD_SECONDS, self._refuse_head)

    def _break_off(self, reason):
        """Ends a body that is malformed: aiohttp queues the error as if it were the next request, and leaves
        the handler waiting for the rest of the body."""
        self.malformed = str(reason).strip().partition("\n")[0].removesuffix(":")
        self._messages.clear()
        self._current_request.content.feed_eof()
        self.close()  # once that is answered

    def enter(self, stage, give_up=None):
        """Notes that a stage begins.

        Args:
            stage: the stage.
            give_up: function to call if the server wants to wait no longer; default: the connection ends.
        """
        self.stage, self.since, self._give_up = stage, self._loop.time(), give_up

    def hold(self, count):
        """Notes that the server keeps so many bytes more for it."""
        self._server.hold(self, count)

    def release(self):
        """Notes that the server keeps nothing for it any more."""
        self._server.hold(self, -self.held)

    def end(self):
        """Waits no longer."""
        give_up = self._give_up
        self.release()
        self.enter(WORK)
        if give_up is not None:
            give_up()
        elif self.transport is not None:
            self.transport.abort()

    async def finish_response(self, request, resp, start_time):
        """Sends an answer; called by aiohttp."""
        size = getattr(resp, "content_length", None) or 0
        self.enter(ANSWER)
        self.hold(size)
        timer = self._loop.call_later(ANSWER_SECONDS + size / ANSWER_RATE, self.end)
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            timer.cancel()
            self.release()
            self.enter(HEAD)

    def _stop_head_timer(self):
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse_head(self):
        self._head_timer = None
        if self.transport is None:
            return
        text = f"The request's head did not arrive within {HEAD_SECONDS:g} seconds"
        body = json.dumps({"error": text}).encode()
        head = (
            "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.force_close()
