"""HTTP connections whose time limit holds for a whole answer, not from one byte to the next."""

import socket
import ssl
import time

import urllib3


class _Deadline:
    """Mixin of sockets: the timeout counts from when it was set, however often bytes come and go."""

    _end = None

    def settimeout(self, value):
        self._end = None if value is None else time.monotonic() + value
        super().settimeout(value)

    def recv_into(self, *args):
        self._limit()
        return super().recv_into(*args)

    def send(self, *args):
        self._limit()
        return super().send(*args)

    def sendall(self, *args):
        self._limit()
        return super().sendall(*args)

    def _limit(self):
        if self._end is not None:
            left = self._end - time.monotonic()
            if left <= 0:
                raise socket.timeout("timed out")
            super().settimeout(left)


class _Socket(_Deadline, socket.socket):
    pass


class _TlsSocket(_Deadline, ssl.SSLSocket):
    pass


class _Connect:
    """Mixin of connections: makes the socket one with a deadline, which began when it was dialled."""

    def _new_conn(self):
        start = time.monotonic()
        plain = super()._new_conn()
        timeout = plain.gettimeout()
        connection = _Socket(plain.family, plain.type, plain.proto, fileno=plain.detach())
        if timeout is not None:
            timeout = max(timeout - (time.monotonic() - start), 1e-3)
        connection.settimeout(timeout)
        return connection


class _Connection(_Connect, urllib3.connection.HTTPConnection):
    pass


class _TlsConnection(_Connect, urllib3.connection.HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def pool_manager(connections, *, ca_file=None):
    """Returns a `urllib3.PoolManager` for http and https, safe to use from several threads.

    Certificates and the names in them are checked.

    Args:
        connections: how many to keep open for the next request; more are opened when needed.
        ca_file: path of the trusted authorities' certificates in PEM; default: the system's.

    Raises:
        OSError: `ca_file` cannot be read, or holds no certificates.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.sslsocket_class = _TlsSocket
    manager = urllib3.PoolManager(maxsize=connections, retries=False, ssl_context=context)
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return manager
