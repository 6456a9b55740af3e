import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp")

from aiohttp import web
from multidict import CIMultiDict

from tfdogs.serving.http_hosts import Hosts, is_loopback


def allows(hosts, **headers):
    try:
        hosts.check(CIMultiDict(headers))
    except web.HTTPForbidden:
        return False
    return True


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("192.168.0.1", False),
    ],
)
def test_what_is_loopback(address, loopback):
    assert is_loopback(address) is loopback


@pytest.mark.parametrize(
    ("address", "allowed", "names", "others"),
    [
        ("127.0.0.1", (), ["localhost", "kennel:80", "127.0.0.1:1"], ["dogs.example", "192.168.0.1", ""]),
        ("0.0.0.0", (), ["dogs.example", "anything"], []),
        ("127.0.0.1", ["*"], ["dogs.example", "anything"], []),
        ("::", ["Dogs.example"], ["dogs.example", "DOGS.EXAMPLE.:8501", "localhost"], ["a.dogs.example"]),
        (
            "::",
            [".dogs.example"],
            ["dogs.example", "a.b.dogs.example"],
            ["dogs.org", "adogs.example"],
        ),
        ("::", ["2001:db8::1"], ["[2001:db8::1]:80", "[2001:DB8:0::1]"], ["[2001:db8::2]", "2001"]),
        (
            "127.0.0.1",
            (),
            ["[0:0:0:0:0:0:0:1]:80", "127.0.0.1.", "localhost:"],
            [
                "[::1].dogs.example",
                "[::1",
                "[::1]x:80",
                "::1",
                "localhost:80:80",
                "localhost:x",
                "localhost..",
            ],
        ),
    ],
)
def test_names(address, allowed, names, others):
    hosts = Hosts(address, "kennel", allowed)
    assert all(allows(hosts, host=name) for name in names)
    assert not any(allows(hosts, host=name) for name in others)


def test_pages_of_other_sites():
    hosts = Hosts("::", "kennel", ["dogs.example"])
    assert allows(hosts, host="dogs.example", origin="https://dogs.example")
    assert not allows(hosts, host="dogs.example", origin="https://cats.example")
    assert not allows(hosts, origin="https://dogs.example")
    two = CIMultiDict([("Host", "dogs.example"), ("Origin", "https://dogs.example")])
    hosts.check(two)
    two.add("Origin", "https://cats.example")
    with pytest.raises(web.HTTPForbidden):
        hosts.check(two)
    assert allows(Hosts("::", "kennel"), host="dogs.example", origin="https://cats.example")
