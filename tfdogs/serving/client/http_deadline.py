"""HTTP connections whose time limit holds for a whole answer, not from one byte to the next."""

import socket
import time

import urllib3


class _Socket(socket.socket):
    """A socket whose timeout is a deadline: it counts from when it was set, however often bytes arrive."""

    _end = None

    def settimeout(self, value):
        self._end = None if value is None else time.monotonic() + value
        super().settimeout(value)

    def recv_into(self, *args):
        if self._end is not None:
            left = self._end - time.monotonic()
            if left <= 0:
                raise socket.timeout("timed out")
            super().settimeout(left)
        return super().recv_into(*args)


class _Connection(urllib3.connection.HTTPConnection):
    def _new_conn(self):
        plain = super()._new_conn()
        timeout = plain.gettimeout()
        connection = _Socket(plain.family, plain.type, plain.proto, fileno=plain.detach())
        connection.settimeout(timeout)
        return connection


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


def pool_manager(connections):
    """Returns a `urllib3.PoolManager` for http, safe to use from several threads.

    Args:
        connections: how many to keep open for the next request; more are opened when needed.
    """
    manager = urllib3.PoolManager(maxsize=connections, retries=False)
    manager.pool_classes_by_scheme = {"http": _Pool}
    return manager
