"""From an address to a connection of ML Metadata."""

import os
import urllib.parse
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.metadata.address import LEGAL, PASSWORD, is_server, without_password
from tfdogs.errors import UsageError


def connection(address):
    """Returns ML Metadata's configuration of a connection.

    Args:
        address: path of an SQLite file, which is made where there is none; or `mysql://USER:PASSWORD@HOST:PORT/NAME`
            or `postgresql://USER:PASSWORD@HOST:PORT/NAME`. Without `:PASSWORD` it is the environment variable
            TFDOGS_METADATA_PASSWORD.

    Raises:
        UsageError: the address is of another kind, or has no host or name.
    """
    config = mlmd.ConnectionConfig()
    if not is_server(address):
        Path(address).parent.mkdir(parents=True, exist_ok=True)
        config.sqlite.filename_uri = str(address)
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        return config
    parts, port = _parts(address)
    name = parts.path.strip("/")
    user = urllib.parse.unquote(parts.username or "")
    given = parts.password
    password = os.environ.get(PASSWORD, "") if given is None else urllib.parse.unquote(given)
    if parts.scheme == "mysql":
        config.mysql.host, config.mysql.port, config.mysql.database = parts.hostname, port or 3306, name
        config.mysql.user, config.mysql.password = user, password
    else:
        server = config.postgresql
        server.host, server.port, server.dbname = parts.hostname, str(port or 5432), name
        server.user, server.password = user, password
    return config


def _parts(address):
    """Returns the address's parts, and its port or None."""
    try:
        parts = urllib.parse.urlsplit(address)
        port = parts.port  # parsed when it is asked for
        legal = parts.scheme in ("mysql", "postgresql") and parts.hostname and parts.path.strip("/")
    except ValueError:  # its words may quote the password
        legal = False
    if not legal:
        raise UsageError(f"--metadata must be {LEGAL}. Received: {without_password(address)}")
    return parts, port
