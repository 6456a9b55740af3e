"""Clients of an exported model: the same calls over REST, over gRPC and on a SavedModel in this process.

from tfdogs.serving import client

with client.connect("http://127.0.0.1:8501") as dogs:
    (png,) = dogs.generate([7], truncation=0.8)
"""

import importlib
from pathlib import Path

from tfdogs.errors import UsageError
from tfdogs.serving.client.wording import without_password

_HOME = {
    "Client": "tfdogs.serving.client.client",
    "GrpcClient": "tfdogs.serving.client.grpc_client",
    "LocalClient": "tfdogs.serving.client.local_client",
    "RestClient": "tfdogs.serving.client.rest_client",
}
__all__ = ["connect", *_HOME]


def connect(target, *, name="dogs", version=None, deadline=10.0, retries=3, ca_file=None):
    """Returns a client of a served model, or of an export on disk. Nothing is sent yet.

    Args:
        target: "http://HOST:PORT" or "https://HOST:PORT" for REST, "grpc://HOST:PORT" for gRPC, or the path
            of an export or of one of its version folders.
        name: the model's name on the server.
        version: its version, a number; default: the newest, at each call.
        deadline: seconds that a request may take, all tries and pauses together; a client's first call makes
            two requests.
        retries: most tries after the first, where a server is busy or out of reach.
        ca_file: with https, path of the trusted authorities' certificates in PEM; default: the system's.

    Returns:
        `RestClient`, `GrpcClient` or `LocalClient`, which have the interface of `Client`.

    Raises:
        UsageError: the target is none of these, or an option is out of range.
        TfdogsError: the export cannot be loaded.
    """
    options = {"name": name, "version": version, "deadline": deadline, "retries": retries}
    scheme, separator, _ = str(target).partition("://")
    kinds = {"http": "RestClient", "https": "RestClient", "grpc": "GrpcClient"}
    kind = kinds.get(scheme) if separator else None
    if kind is None and not separator and str(target) and Path(target).is_dir():
        kind = "LocalClient"
    if kind is None:
        legal = "http://HOST:PORT, https://HOST:PORT, grpc://HOST:PORT or the folder of an export"
        raise UsageError(f"target must be {legal}. Received: {without_password(target)}")
    if ca_file is not None:
        if scheme != "https":
            raise UsageError(f"ca_file goes with https:// only. Received: {without_password(target)}")
        options["ca_file"] = ca_file
    return __getattr__(kind)(target, **options)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module 'tfdogs.serving.client' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__():
    return sorted([*globals(), *_HOME])
