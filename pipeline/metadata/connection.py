"""From an address to a connection of ML Metadata."""

import re
import urllib.parse
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd

from tfdogs.errors import UsageError


def connection(address):
    """Returns ML Metadata's configuration of a connection.

    Args:
        address: path of an SQLite file, which is made where there is none; or `mysql://USER:PASSWORD@HOST:PORT/NAME`
            or `postgresql://USER:PASSWORD@HOST:PORT/NAME`.

    Raises:
        UsageError: the address is of another kind, or has no host or name.
    """
    config = mlmd.ConnectionConfig()
    parts = urllib.parse.urlsplit(address)
    if not re.match(r"\w+://", address):
        Path(address).parent.mkdir(parents=True, exist_ok=True)
        config.sqlite.filename_uri = str(address)
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        return config
    name = parts.path.strip("/")
    if parts.scheme not in ("mysql", "postgresql") or not parts.hostname or not name:
        legal = "a file, mysql://USER:PASSWORD@HOST:PORT/NAME or postgresql://USER:PASSWORD@HOST:PORT/NAME"
        raise UsageError(f"--metadata must be {legal}. Received: {_without_password(parts)}")
    user, password = urllib.parse.unquote(parts.username or ""), urllib.parse.unquote(parts.password or "")
    if parts.scheme == "mysql":
        config.mysql.host, config.mysql.port, config.mysql.database = parts.hostname, parts.port or 3306, name
        config.mysql.user, config.mysql.password = user, password
    else:
        server = config.postgresql
        server.host, server.port, server.dbname = parts.hostname, str(parts.port or 5432), name
        server.user, server.password = user, password
    return config


def _without_password(parts):
    if parts.password is None:
        return parts.geturl()
    return parts.geturl().replace(f":{parts.password}@", ":...@", 1)
