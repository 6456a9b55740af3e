import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("apache_beam", reason="Apache Beam comes with the extra `pipeline`")

import apache_beam as beam

from pipeline.beam.options import options
from pipeline.beam.running import run
from tfdogs.errors import TfdogsError, UsageError

ROOT = Path(__file__).resolve().parents[3]


def leave(number, folder):
    Path(folder, str(number)).write_text(f"{os.getpid()} {'tensorflow' in sys.modules}")


def fall(number):
    raise ValueError(f"picture {number} is too heavy")


def die(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)


def each(function, *args):
    def build(graph):
        _ = graph | beam.Create(range(6)) | beam.Reshuffle() | beam.Map(function, *args)

    return build


def test_one_worker_is_this_process(tmp_path):
    run(each(leave, str(tmp_path)), beam_args="", workers=1)
    assert {path.read_text().split()[0] for path in tmp_path.iterdir()} == {str(os.getpid())}


def test_several_workers_share_the_work_and_start_without_tensorflow(tmp_path):
    run(each(leave, str(tmp_path)), beam_args="", workers=2)
    told = [path.read_text().split() for path in tmp_path.iterdir()]
    assert len(told) == 6
    assert len({process for process, _ in told} - {str(os.getpid())}) == 2
    assert {tensorflow for _, tensorflow in told} == {"False"}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_workers_failure_is_one_line(workers, capfd):
    with pytest.raises(TfdogsError, match=r"^a worker failed, try again: picture \d is too heavy$"):
        run(each(fall), beam_args="", workers=workers, otherwise="try again")
    assert "Traceback" not in capfd.readouterr().err


def test_a_worker_that_dies_ends_the_work(capfd):
    with pytest.raises(TfdogsError, match=r"^a worker failed: a worker process (died|ended with -9)$"):
        run(each(die), beam_args="", workers=2)
    assert "Traceback" not in capfd.readouterr().err


def rest(number, folder):
    """Number 0 takes its time, the worker of number 1 ends before it, when it has nothing to do."""
    path = Path(folder, str(os.getpid()))
    if number == 0:
        others = [other for other in wait_for(lambda: list(path.parent.iterdir())) if other != path]
        time.sleep(0.5)
        os.kill(int(others[0].name), signal.SIGKILL)
        wait_until(lambda: not alive(int(others[0].name)))
    else:
        path.touch()
    return number, number


def wait_for(found):
    wait_until(found)
    return found()


@pytest.mark.parametrize("attempt", range(3))
def test_a_worker_that_dies_while_it_rests_ends_the_work(attempt, tmp_path, capfd):
    def build(graph):
        pairs = graph | beam.Create([0, 1]) | beam.Reshuffle() | beam.Map(rest, str(tmp_path))
        _ = pairs | beam.GroupByKey() | beam.Map(str)

    with pytest.raises(TfdogsError, match=r"^a worker failed: a worker process (died|ended with -9)$"):
        run(build, beam_args="", workers=2)
    assert "Traceback" not in capfd.readouterr().err


def test_workers_end_with_a_killed_parent(tmp_path):
    script = tmp_path / "main.py"
    script.write_text(
        "import os, time, sys\n"
        "import apache_beam as beam\n"
        "from pipeline.beam.running import run\n"
        "def wait(number, folder):\n"
        "    open(os.path.join(folder, str(os.getpid())), 'w').close()\n"
        "    time.sleep(120)\n"
        "def build(graph):\n"
        "    _ = graph | beam.Create([1, 2]) | beam.Reshuffle() | beam.Map(wait, sys.argv[1])\n"
        "if __name__ == '__main__':\n"
        "    run(build, beam_args='', workers=2)\n"
    )
    (tmp_path / "pids").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "pids")], env=environment, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: len(list((tmp_path / "pids").iterdir())) == 2)
    process.kill()
    process.wait()
    wait_until(lambda: not any(alive(int(path.name)) for path in (tmp_path / "pids").iterdir()))


def wait_until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(process):
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def test_beam_is_told_where_to_run():
    flink = options("--runner=FlinkRunner --flink_master=host:8081").get_all_options()
    assert (flink["runner"], flink["flink_master"]) == ("FlinkRunner", "host:8081")
    assert options("").get_all_options()["runner"] is None
    for args, refused in (
        ("--direct_num_workers=4", "on this machine --workers says it"),
        ("--runer=FlinkRunner", "Apache Beam has no flag --runer"),
        ("--runner='x", "must be words as in a shell"),
        (
            "--temp_location=x --job_endpoint",
            r"argument --job_endpoint: .* Received: --beam",
        ),
    ):
        with pytest.raises(UsageError, match=refused):
            options(args)
    with pytest.raises(UsageError, match=r"Apache Beam: .*FlinkRuner"):
        run(each(fall), beam_args="--runner=FlinkRuner", workers=1)
