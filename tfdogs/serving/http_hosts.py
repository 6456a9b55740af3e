"""Names by which a server may be asked: another site's page could make a name of its own point here."""

import ipaddress
import re

from aiohttp import web

from tfdogs.serving.http_fields import field, shown

_HOST = re.compile(r"(?:\[([^\]]*:[^\]]*)\]|([^:]*))(?::[0-9]*)?")  # an IPv6 address, or a name; a port
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
ANY = "*"


class Hosts:
    """Refuses requests by other names (DNS rebinding), and by other sites' pages.

    Args:
        address: the IP address that is listened on.
        host: the name that was given for it.
        allowed: names besides those; ".dogs.example" is dogs.example and all names below it, "*" all names.
            Without any, all names are allowed where the address is not loopback.

    Attributes:
        names: sorted list of what is allowed, or None for all names.
    """

    def __init__(self, address, host, allowed=()):
        free = ANY in allowed or not (allowed or is_loopback(address))
        names = {_plain(name) for name in (*_LOCAL_NAMES, host, *allowed)}
        self.names = None if free else sorted(names)

    def check(self, headers):
        """Refuses a request by its head.

        Args:
            headers: `multidict.CIMultiDict`. HTTP/1.0 has no Host, and no browser speaks that.

        Raises:
            web.HTTPForbidden: its Host is none of the names, or its Origin is another site.
        """
        if self.names is None:
            return
        host, origin = field(headers, "Host"), field(headers, "Origin")
        if host is not None and not self._knows(_name(host)):
            names = ", ".join(self.names)
            raise web.HTTPForbidden(text=f"Host must be one of {names}. Received: {shown(host)}")
        ours = (f"http://{host}".lower(), f"https://{host}".lower())
        if origin is not None and (not host or origin.lower() not in ours):
            raise web.HTTPForbidden(text=f"Origin must be this server. Received: {shown(origin)}")

    def _knows(self, name):
        ends = tuple(end for end in self.names if end.startswith("."))
        return name in self.names or f".{name}".endswith(ends)


def _name(host):
    """Returns the name in a Host field, without port and brackets; "" where that is malformed."""
    match = _HOST.fullmatch(host)
    return _plain(match[1] or match[2]) if match else ""


def _plain(name):
    """Returns a name in the one form that names are compared in."""
    try:
        return str(ipaddress.ip_address(name.partition("%")[0]))
    except ValueError:
        return name.lower().removesuffix(".")  # the dot that ends a full name


def is_loopback(address):
    """Says whether an address is reached from this machine only."""
    try:
        address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
