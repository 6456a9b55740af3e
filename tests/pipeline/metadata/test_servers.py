"""The store on each kind of database: on servers of its own where their programs are on this machine."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("ml_metadata", reason="ml-metadata comes with the extra `pipeline`")

from pipeline.core.artifact import Artifact
from pipeline.metadata.store import Store
from tfdogs.errors import TfdogsError

SQL = """
CREATE DATABASE dogs;
CREATE USER 'tester'@'localhost' IDENTIFIED BY 'p@ss', 'tester'@'127.0.0.1' IDENTIFIED BY 'p@ss';
GRANT ALL ON *.* TO 'tester'@'localhost', 'tester'@'127.0.0.1';
"""
WHERE = {"pipeline": "dogs", "run": "one"}
HARD = '50 % of "C:\\dogs" and it\'s a\nnew line, %5C, \u00e9\U0001f436'


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mysql"])
def address(request, tmp_path_factory):
    if request.param == "sqlite":
        yield str(tmp_path_factory.mktemp("store") / "metadata.sqlite")
        return
    home = Path(tempfile.mkdtemp(prefix="tfdogs-"))  # pytest's own folders are closed to the server's user
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begin = {"postgresql": begin_postgresql, "mysql": begin_mariadb}[request.param]
    try:
        server = begin(home, port)
        yield f"{request.param}://tester:p%40ss@127.0.0.1:{port}/dogs"
        server.terminate()
        server.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def begin_postgresql(home, port):
    initdb, postgres = program("initdb"), program("postgres")
    user = unprivileged("postgres", home)
    data = home / "data"
    ran([initdb, "-D", data, "-U", "tester", "-A", "trust"], user, home)
    return started([postgres, "-D", data, "-p", str(port), "-k", home, "-h", "127.0.0.1"], user, home, port)


def begin_mariadb(home, port):
    install, mariadbd = program("mariadb-install-db"), program("mariadbd")
    user = unprivileged("mysql", home)
    data = f"--datadir={home / 'data'}"
    ran([install, "--no-defaults", data, "--auth-root-authentication-method=normal"], user, home)
    (home / "init.sql").write_text(SQL)
    flags = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={home / 's'}"]
    return started(
        [mariadbd, "--no-defaults", data, *flags, f"--init-file={home / 'init.sql'}"], user, home, port
    )


def program(name):
    folders = [os.environ["PATH"], "/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    found = shutil.which(name, path=os.pathsep.join(folders))
    return found or pytest.skip(f"no {name} on this machine")


def unprivileged(user, home):
    """Neither server runs as root: returns the user whose it is then."""
    if os.geteuid():
        return None
    shutil.chown(home, user)
    return user


def ran(command, user, home):
    subprocess.run(command, user=user, cwd=home, check=True, capture_output=True)


def started(command, user, home, port):
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, user=user, cwd=home, stdout=log, stderr=log)
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return server
        except OSError:
            assert server.poll() is None and time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.1)


def opened(address):
    """The port is open a moment before the database is there."""
    for _ in range(50):
        try:
            return Store(address)
        except TfdogsError:
            time.sleep(0.2)
    return Store(address)


def test_what_is_told_is_kept(address, toys, tmp_path):
    store = opened(address)
    facts = {"reason": HARD, "seed": 3, "share": 0.5, "deep": True, "long": "x" * 5000}
    store.begin_run("dogs", "one", facts)
    node = toys[0](value=4)
    execution = store.begin(node, "f" * 32, {}, **WHERE)
    told = {"number": Artifact("Number", tmp_path, "a" * 32, {"value": 4, "named": HARD})}
    made = store.finish(execution, told, **WHERE)
    again = Store(address)
    assert again.runs("dogs") == [{"run": "one", "pipeline": "dogs", **facts}]
    assert again.cached("Source", "f" * 32) == made
    assert made["number"].properties == {"value": 4, "named": HARD} and made["number"].path == tmp_path
    again.reuse(node, "f" * 32, {}, outputs=made, **WHERE)
    failed = again.begin(node, "e" * 32, {"left": made["number"]}, **WHERE, root=HARD)
    assert [(e["id"], e["root"]) for e in store.running("Source", "e" * 32)] == [(failed, HARD)]
    again.fail(failed, HARD)
    assert store.running("Source", "e" * 32) == store.running("Sum", "e" * 32) == []
    states = [facts["state"] for facts in store.executions("one")]
    assert states == ["complete", "cached", "failed"]
    last = store.executions("one")[-1]
    assert last["reason"] == HARD and last["inputs"] == {"left": made["number"]}
    assert store.maker(made["number"])["id"] == execution
    assert store.latest("Number", "dogs") == [made["number"]]


def test_several_write_at_once(address, toys, tmp_path):
    opened(address)
    failures = []

    def work(number):
        try:
            store, where = Store(address), {"pipeline": "cats", "run": f"cats {number}"}
            store.begin_run("cats", where["run"], {})
            for value in range(4):
                execution = store.begin(toys[0](value=value), f"{number} {value}", {}, **where)
                store.finish(execution, {"number": Artifact("Number", tmp_path, f"{number}")}, **where)
        except Exception as e:  # a thread of its own: the test has to hear of it
            failures.append(e)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    store = Store(address)
    assert len(store.latest("Number", "cats")) == 12
    for number in range(3):
        assert [facts["state"] for facts in store.executions(f"cats {number}")] == ["complete"] * 4
