import asyncio
import resource

import pytest

from tfdogs.serving import file_limits


@pytest.mark.parametrize("files", [100, 256, 1024, 4096, resource.RLIM_INFINITY])
def test_both_kinds_of_connections_fit_into_the_files_that_there_may_be(monkeypatch, files):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    found = [file_limits.connections(1000, share) for share in (file_limits.HTTP, file_limits.GRPC)]
    assert all(1 <= count <= 1000 for count in found)
    if files in (4096, resource.RLIM_INFINITY):
        assert found[0] == 1000
    else:
        assert sum(found) <= max(files - 200, files // 2)


def test_servers_ask_for_their_share(monkeypatch):
    pytest.importorskip("aiohttp", reason="needs aiohttp")
    pytest.importorskip("grpc", reason="needs gRPC")
    from tfdogs.serving.grpc_patience import options
    from tfdogs.serving.http_connection import LimitedServer

    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    most = options()["grpc.max_allowed_incoming_connections"]
    assert most == 206

    async def make():
        return LimitedServer(None)._most

    assert asyncio.run(make()) + most <= 824
