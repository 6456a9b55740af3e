"""The address of a metadata store, and the password that may be in it."""

import re

PASSWORD = "TFDOGS_METADATA_PASSWORD"  # environment variable: the password of an address that has none
LEGAL = "a file, mysql://USER:PASSWORD@HOST:PORT/NAME or postgresql://USER:PASSWORD@HOST:PORT/NAME"

# To the last @: a password that is not percent-encoded may hold anything.
_PASSWORD = re.compile(r"^(\w+://[^:@/]*:).*@", re.DOTALL)


def is_server(address):
    """Returns whether an address is a server's, and no file."""
    return re.match(r"\w+://", address) is not None


def has_password(address):
    """Returns whether there is a password in an address."""
    return _PASSWORD.match(address) is not None


def without_password(address):
    """Returns an address as it may be shown."""
    return _PASSWORD.sub(r"\1...@", address)
