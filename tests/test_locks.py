import contextlib
import errno
import fcntl
import os
import resource
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tfdogs import locks
from tfdogs.errors import TfdogsError

HOST = socket.gethostname()


@contextlib.contextmanager
def another_process(path, *, prelude=""):
    """A process that holds the lock of `path` until it is killed."""
    script = f"""
        import sys, time
        from tfdogs import locks
        {prelude}
        with locks.held(sys.argv[1]):
            print("held", flush=True)
            time.sleep(600)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def no_flock(monkeypatch):
    def flock(file, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)


NO_FLOCK = "import fcntl; fcntl.flock = lambda *_: (_ for _ in ()).throw(OSError(37, 'No locks available'))"


def test_a_lock_is_of_one_and_leaves_nothing(tmp_path):
    path = tmp_path / "new/run/.lock"
    with locks.held(path, what="runs/dogs"):
        message = f"^runs/dogs is in use by process {os.getpid()} on {HOST}$"
        with pytest.raises(TfdogsError, match=message), locks.held(path, what="runs/dogs"):
            pytest.fail("two have the lock")
        with locks.tried(path) as free:
            assert not free
        assert path.is_file()
    assert not (tmp_path / "new").exists()
    with locks.tried(path) as free:
        assert free


def test_what_was_written_beside_it_stays(tmp_path):
    with locks.held(tmp_path / "run/.lock"):
        (tmp_path / "run/config.json").write_text("{}")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["config.json"]


@pytest.mark.parametrize("prelude", ["", NO_FLOCK], ids=["flock", "no_flock"])
def test_it_ends_with_its_process(tmp_path, request, prelude):
    if prelude:
        request.getfixturevalue("no_flock")
    path = tmp_path / ".lock"
    with another_process(path, prelude=prelude) as process:
        with pytest.raises(TfdogsError, match=f"in use by process {process.pid} on {HOST}$"):
            locks.held(path).__enter__()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert path.exists()
        with locks.held(path):
            pass
    assert not list(tmp_path.iterdir())


def test_who_waits_gets_it(tmp_path, capsys):
    path = tmp_path / ".lock"
    with another_process(path) as process:
        waits = locks._wait

        def wait(path):
            process.kill()
            process.wait()
            return waits(path)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(locks, "_wait", wait)
            with locks.held(path, wait=True, work="does the same"):
                pass
    assert capsys.readouterr().err == f"waiting for process {process.pid} on {HOST}, which does the same\n"


def test_one_of_another_machine_is_told_where_locks_may_not_reach(tmp_path, capsys):
    path = tmp_path / ".lock"
    path.write_text("12 elsewhere 1700000000\n")
    with locks.held(path):
        pass
    assert "left behind by process 12 on elsewhere" in capsys.readouterr().err


def test_without_flock_a_process_elsewhere_is_taken_to_be_alive(tmp_path, no_flock):
    owner = tmp_path / ".lock.owner"
    owner.write_text("12 elsewhere 1700000000\n")
    message = rf"is in use by process 12 on elsewhere; if that is gone, remove {owner}$"
    with pytest.raises(TfdogsError, match=message):
        locks.held(tmp_path / ".lock").__enter__()
    owner.unlink()
    with (
        locks.held(tmp_path / ".lock"),
        pytest.raises(TfdogsError, match=f"process {os.getpid()} on {HOST}$"),
    ):
        locks.held(tmp_path / ".lock").__enter__()
    assert not list(tmp_path.glob("*.owner"))


def test_without_flock_a_number_that_another_process_has_by_now_is_no_owner(tmp_path, no_flock):
    (tmp_path / ".lock.owner").write_text(f"{os.getpid()} {HOST} 1700000000\n")
    with locks.held(tmp_path / ".lock"):
        pass
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_of_another_user_left(tmp_path, monkeypatch):
    """Its file can be read and removed, not written."""
    path, opened = tmp_path / ".lock", Path.open

    def open_as_another_user(self, mode="r", **options):
        if self == path and mode == "a+" and path.exists():
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(self, mode, **options)

    monkeypatch.setattr(Path, "open", open_as_another_user)
    with (
        another_process(path) as process,
        pytest.raises(TfdogsError, match=f"in use by process {process.pid} on {HOST}$"),
    ):
        locks.held(path).__enter__()
    assert path.exists()
    with locks.held(path):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("writable", [True, False])
def test_a_lock_that_is_not_there_was_given_back_or_the_folder_is_closed(tmp_path, monkeypatch, writable):
    path, opened, refusals = tmp_path / ".lock", Path.open, []

    def refuse_once(self, mode="r", **options):
        if self == path and mode == "a+" and not (writable and refusals):
            refusals.append(1)
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(self, mode, **options)

    monkeypatch.setattr(Path, "open", refuse_once)
    monkeypatch.setattr(locks.os, "access", lambda path, mode: writable)
    if writable:
        with locks.held(path):
            assert len(refusals) == 1
    else:
        with pytest.raises(PermissionError, match="Permission denied"):
            locks.held(path).__enter__()


def test_a_disk_that_is_too_full_for_a_name_keeps_no_lock(tmp_path):
    path, (soft, hard) = tmp_path / ".lock", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            locks.held(path).__enter__()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())
    with locks.tried(path) as free:
        assert free


def test_an_error_of_the_disk_is_no_lock(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"), locks.held(tmp_path / "file/.lock"):
        pass
