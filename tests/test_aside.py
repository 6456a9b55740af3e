import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from tfdogs import aside
from tfdogs.errors import TfdogsError, UsageError

BODY = """
    import sys, time
    from pathlib import Path
    from tfdogs import aside
    path = Path(sys.argv[1])
    with aside.alone_at(path), aside.replacing(path, folder=True) as folder:
        (folder / "half").write_text("half")
        {then}
        print("begun", flush=True)
        time.sleep(600)
"""


@pytest.fixture
def begin():
    """Returns a function (path, then) that begins to replace a folder in a process of its own."""
    processes = []

    def run(path, then="pass"):
        command = [sys.executable, "-c", textwrap.dedent(BODY).format(then=then), str(path)]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert processes[-1].stdout.readline() == "begun\n"
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_process_left_is_swept_and_not_what_a_living_one_writes(tmp_path, begin):
    dead, living = begin(tmp_path / "dead"), begin(tmp_path / "living")
    kill(dead)
    assert len(names(tmp_path)) == 2 * 3  # the lock of each output, what is written aside and its lock
    with aside.alone_at(tmp_path / "other"):
        left = [name for name in names(tmp_path) if name.startswith(".dead.tmp-")]
        assert not left
    with aside.alone_at(tmp_path / "dead"):
        pass
    assert len(names(tmp_path)) == 3 and all(name.startswith(".living") for name in names(tmp_path))
    with pytest.raises(TfdogsError, match=f"living is in use by process {living.pid} on "):
        aside.alone_at(tmp_path / "living").__enter__()


def test_what_stood_there_before_is_back_after_a_kill_between_two_renames(tmp_path, begin):
    path = tmp_path / "dogs"
    path.mkdir()
    (path / "image").write_text("old")
    kill(begin(path, "path.rename(folder.with_suffix('.old'))"))
    assert not path.exists()
    with aside.alone_at(tmp_path / "cats"):
        pass
    assert (path / "image").read_text() == "old"
    with aside.alone_at(path):
        pass
    assert names(tmp_path) == ["dogs"]


def test_what_versions_without_locks_left(tmp_path):
    day_ago = time.time() - 25 * 60 * 60
    own, gone = os.getpid(), 2**22 + 1  # over the largest number of a process
    for name in (f".out.tmp-{gone}", f".out.tmp-{own}", f".out.old-{gone}", f".cat.tmp-{gone}"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "spool").write_text(name)
    for name in (f".out.{gone}.partial", ".out.0123abcd.partial", ".out.4567abcd.partial", ".out.txt"):
        (tmp_path / name).write_text("")
    os.utime(tmp_path / ".out.0123abcd.partial", (day_ago, day_ago))
    with aside.alone_at(tmp_path / "out"):
        pass
    kept = {f".cat.tmp-{gone}", ".out.4567abcd.partial", f".out.tmp-{own}", ".out.txt", "out"}
    assert set(names(tmp_path)) == kept
    assert (tmp_path / "out/spool").read_text() == f".out.old-{gone}"  # what the killed one had replaced


def test_a_folder_that_is_added_to_is_of_one_and_swept(tmp_path, begin):
    run = tmp_path / "run"
    kill(begin(run / "samples/sheet"))
    (run / "samples" / f".sheet.png.{2**22 + 1}.partial").write_text("of a version without locks")
    with aside.alone_in(run, "samples", "missing"):
        assert names(run) == [".lock", "samples"]
        assert names(run / "samples") == [".sheet.lock"]
        with pytest.raises(TfdogsError, match=r"/run is in use by process"):
            aside.alone_in(run).__enter__()
    assert names(run) == ["samples"]


def test_a_link_says_where_an_output_is_to_be(tmp_path):
    """Else what is written would take the place of the link to a disk with more room."""
    (tmp_path / "large/dogs").mkdir(parents=True)
    (tmp_path / "large/a.txt").write_text("old")
    for name in ("dogs", "a.txt"):
        (tmp_path / name).symlink_to(f"large/{name}")
    with aside.alone_at(tmp_path / "dogs"), aside.replacing(tmp_path / "dogs", folder=True) as folder:
        (folder / "image").write_text("new")
        assert folder.parent == tmp_path / "large"
        with pytest.raises(TfdogsError, match="is in use by"):
            aside.alone_at(tmp_path / "large/dogs").__enter__()
    with aside.replacing(tmp_path / "a.txt") as path:
        path.write_text("new")
    assert (tmp_path / "dogs").is_symlink() and (tmp_path / "a.txt").is_symlink()
    assert names(tmp_path / "large") == ["a.txt", "dogs"]
    assert [(tmp_path / name).read_text() for name in ("large/a.txt", "large/dogs/image")] == ["new"] * 2


def test_where_a_disk_is_mounted_is_refused_before_any_work(tmp_path, monkeypatch):
    """As a volume of a container is: nothing could be renamed to it."""
    with pytest.raises(UsageError, match=r"^/proc is where a disk is mounted.*such as /proc/out$"):
        aside.alone_at("/proc").__enter__()
    path = tmp_path / "my dogs"
    path.mkdir()
    (tmp_path / "mountinfo").write_text(f"3 2 0:1 /a {tmp_path}/my\\040dogs rw - ext4 /dev/a rw\n")
    monkeypatch.setattr(aside, "_MOUNTS", tmp_path / "mountinfo")
    with pytest.raises(UsageError, match="my dogs is where a disk is mounted"):
        aside.alone_at(path).__enter__()
    with aside.alone_at(path / "out"), aside.alone_in(path):
        pass


def test_a_disk_that_refuses_is_one_line_with_the_path(tmp_path):
    (tmp_path / "file").write_text("")
    for alone in (aside.alone_in, aside.alone_at):
        with pytest.raises(TfdogsError, match=r"/run/a/b: .*/file is a file, not a folder$"):
            alone(tmp_path / "file/run/a/b").__enter__()
        with pytest.raises(TfdogsError, match=r"^cannot write .*/file/run: .*/file is a file, not a folder$"):
            alone(tmp_path / "file/run").__enter__()


def test_an_error_of_the_body_stays_what_it_is(tmp_path):
    for alone in (aside.alone_in, aside.alone_at):
        with pytest.raises(FileExistsError), alone(tmp_path / "run"):
            raise FileExistsError("of the body")
    assert not names(tmp_path)


def test_a_scratch_folder_of_a_killed_process_is_swept(tmp_path, monkeypatch, begin):
    monkeypatch.setattr(aside.tempfile, "gettempdir", lambda: str(tmp_path))
    kill(begin(tmp_path / "tfdogs_worker"))
    with aside.scratch("tfdogs_worker") as path:
        assert path.is_dir() and not list(path.iterdir()) and len(list(tmp_path.glob(".*.partial"))) == 1
    assert names(tmp_path) == [".tfdogs_worker.lock"]
