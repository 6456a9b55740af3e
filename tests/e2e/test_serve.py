"""python -m tfdogs.serve as a process: it serves, takes a new version, and ends as it is told."""

import concurrent.futures
import contextlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest
import requests

MODEL = "v1/models/counter"


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory):
    """A SavedModel that counts to x: how long it takes is for the request to say."""
    import tensorflow as tf

    class Counter(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, name="x")])
        def count(self, x):
            most, counted = tf.reduce_max(x), tf.zeros([], tf.int64)
            while counted < most:
                counted += 1
            return {"counted": x + counted - most}

    counter = Counter()
    path = tmp_path_factory.mktemp("counter") / "1"
    tf.saved_model.save(counter, str(path), signatures=counter.count)
    return path


@pytest.fixture
def export(saved_model, tmp_path):
    """Returns a maker of versions in the folder `tmp_path`/export."""
    (tmp_path / "export").mkdir()

    def export(version):
        shutil.copytree(saved_model, tmp_path / ".partial")
        (tmp_path / ".partial").rename(tmp_path / f"export/{version}")

    export(1)
    return export


@contextlib.contextmanager
def serving(tmp_path, *command):
    """Yields (process, URL) of a Python command over `tmp_path`/export."""
    flags = [f"--export_dir={tmp_path / 'export'}", "--name=counter", "--port=0", "--poll_seconds=0.05"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, *command, *flags, "--concurrency=1", "--queue=0"]
    with subprocess.Popen(command, **pipes) as process:
        watchdog = threading.Timer(300, process.kill)  # ends whatever waits for it: lines, places, answers
        watchdog.start()
        try:
            greeting = process.stdout.readline()
            found = re.fullmatch(r"serving counter version 1 on (http://127\.0\.0\.1:\d+/)\n", greeting)
            assert found, greeting + process.stderr.read()
            yield process, found[1]
        finally:
            watchdog.cancel()
            process.kill()


def post(url, x):
    return requests.post(f"{url}{MODEL}:predict", json={"instances": [x]}, timeout=120)


def post_slowly(url, x):
    """Posts until there is room."""
    while (answer := post(url, x)).status_code == 503:
        pass
    return answer


def wait_until_it_runs(url, slow):
    while post(url, 1).status_code != 503:
        assert not slow.done()


def test_it_serves_takes_a_new_version_and_finishes_what_runs_when_it_is_told_to_stop(export, tmp_path):
    with (
        serving(tmp_path, "-m", "tfdogs.serve") as (process, url),
        concurrent.futures.ThreadPoolExecutor(1) as pool,
    ):
        assert "<title>" in requests.get(url, timeout=60).text
        assert post(url, 7).json() == {"predictions": [7]}
        assert post(url, "seven").status_code == 400
        export(2)
        assert process.stdout.readline() == "counter: version 2 takes the place of 1\n"
        assert requests.get(f"{url}{MODEL}/versions/2", timeout=60).status_code == 200
        running = pool.submit(post_slowly, url, 100_000)
        wait_until_it_runs(url, running)
        process.send_signal(signal.SIGTERM)
        assert running.result().json() == {"predictions": [100_000]}
        assert process.wait(timeout=60) == 0
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
        with pytest.raises(requests.ConnectionError):
            requests.get(url, timeout=60)


def states(url):
    status = requests.get(url + MODEL, timeout=60).json()["model_version_status"]
    return [(int(found["version"]), found["state"]) for found in status]


def test_it_takes_new_versions_when_nobody_reads_what_it_prints(export, tmp_path):
    with serving(tmp_path, "-m", "tfdogs.serve") as (process, url):
        process.stdout.close()
        for version in (2, 3):
            export(version)
            while (version, "AVAILABLE") not in states(url):
                time.sleep(0.01)
        (tmp_path / "export/4").mkdir()
        while (4, "END") not in states(url):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert str(tmp_path / "export/4") in process.stderr.read()


STUCK = """
import dataclasses, sys, time, types
from tfdogs import cli
from tfdogs.serving.serve_config import ServeConfig
from tfdogs.serving.server import serve

class Stuck:
    version, signatures = 1, {}

    def signature(self, name):
        time.sleep(3600)

config = cli.parse(ServeConfig, sys.argv, summary="")
serve(dataclasses.replace(config, grace_seconds=0.1), load=lambda folder: Stuck())
"""


def test_what_takes_longer_than_the_grace_is_cut_off(tmp_path):
    (tmp_path / "export/1").mkdir(parents=True)
    pool = concurrent.futures.ThreadPoolExecutor(1)
    with serving(tmp_path, "-c", STUCK) as (process, url), pool:
        running = pool.submit(post_slowly, url, 1)
        while requests.post(f"{url}{MODEL}:predict", timeout=120).status_code != 503:
            assert not running.done()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 1
        assert process.stderr.read() == "tfdogs.serve: 1 requests were cut off after 0.1 s of grace\n"
        with pytest.raises(requests.ConnectionError):
            running.result()


@pytest.mark.parametrize(
    ("flags", "status", "message"),
    [
        ([], 2, "--export_dir is required"),
        (["--export_dir=x", "--port=http"], 2, "flag --port=http"),
        (["--export_dir=x", "--name=a/b"], 2, "--name must be letters, digits"),
        (["--export_dir=x", "--queue=-1"], 2, "--queue must be at least 0"),
        (["--export_dir={tmp}/no", "--port=0"], 1, "cannot read {tmp}/no: No such file or directory"),
        (["--export_dir={tmp}", "--port=0"], 1, "nothing to serve in {tmp}: no version in it"),
    ],
)
def test_a_line_says_what_is_wrong(flags, status, message, tmp_path):
    flags = [flag.format(tmp=tmp_path) for flag in flags]
    command = [sys.executable, "-m", "tfdogs.serve", *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == status
    assert done.stderr.startswith("tfdogs.serve: ") and message.format(tmp=tmp_path) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_needs_no_tensorflow():
    code = (
        "import sys, runpy; sys.modules['tensorflow'] = None; sys.argv = ['serve', '--help']; "
        "runpy.run_module('tfdogs.serve', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "--grace_seconds" in done.stdout, done.stderr
