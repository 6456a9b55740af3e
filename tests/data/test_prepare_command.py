"""`python -m tfdogs.prepare` as its user meets it."""

import dataclasses
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tfdogs import cli, prepare
from tfdogs.data.manifest import Manifest
from tfdogs.data.prepare_config import PrepareConfig
from tfdogs.errors import UsageError


def run(*args):
    return subprocess.run([sys.executable, "-m", "tfdogs.prepare", *args], capture_output=True, text=True)


def exit_of(*args):
    with pytest.raises(SystemExit) as e:
        cli.main(PrepareConfig, prepare.run, summary=prepare.__doc__, argv=["prepare.py", *args])
    return e.value.code


def test_paper_dogs_end_to_end(tmp_path):
    out = tmp_path / "deep" / "dogs"
    flags = ["--image_size=32", "--workers=2", "--shard_size=16"]
    done = run("--images=paper_dogs:40", f"--output_dir={out}", *flags)
    assert done.returncode == 0, done.stderr
    manifest = Manifest.load(out)
    assert manifest.num_images("train") + manifest.num_images("eval") == manifest.counts["kept"] == 40
    assert "pictures read" in done.stdout and "img/s" in done.stdout
    assert "Traceback" not in done.stderr and "\r" not in done.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--images=paper_dogs:4", "--size=64"], "Unknown command line flag 'size'"),
        (["--images=paper_dogs:4", "--crop=round"], "--crop must be one of box_square, box_expand"),
        (["--images=paper_dogs:4", "--image_size=8"], "--image_size must be at least 16 and at most 1024"),
        (
            ["--images=paper_dogs:4", "--image_size=64x96"],
            "image_size=64x96: must be one whole number. Height and",
        ),
        (["--images=paper_dogs:4", "--image_size=64,96"], "every image, which is square, in pixels."),
        (["--images=paper_dogs:4", "--margin=0.5"], "--margin goes with --crop=box_expand only"),
        (["--images=paper_dogs:4", "--channels=2"], "--channels must be one of 0, 1, 3"),
        (["--images=paper_dogs:4", "--channels=1", "--reject_greyscale"], "would reject everything"),
        (["--images=paper_dogs:4", "--eval_fraction=0.9"], "--eval_fraction must be"),
        (["--images=paper_dogs:4", "--near_duplicate_bits=17"], "--near_duplicate_bits must be at least -1"),
        (["--images="], "--images must not be empty"),
        (["--images=/no/such/folder"], "/no/such/folder"),
        ([], "--images is required"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(tmp_path, capsys, args, message):
    assert exit_of(f"--output_dir={tmp_path / 'out'}", *args) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1 and err.startswith("tfdogs.prepare: ")
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_is_bad_usage(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    assert exit_of(f"--images={tmp_path / 'in'}", f"--output_dir={tmp_path / 'out'}") == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_nothing_left_is_a_failure(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_text("no picture")
    assert exit_of(f"--images={tmp_path / 'in'}", f"--output_dir={tmp_path / 'out'}", "--workers=1") == 1
    err = capsys.readouterr().err
    assert "none of the 1 pictures" in err and "unreadable 1" in err and err.count("\n") == 1


def test_help_is_complete(capsys):
    assert exit_of("--help") == 0
    text = capsys.readouterr().out
    for field in dataclasses.fields(PrepareConfig):
        assert f"--{field.name}" in text or f"--[no]{field.name}" in text


def test_greyscale_source_with_reject_greyscale_is_bad_usage():
    class Digits:
        photographs, channels = False, 1

    config = PrepareConfig(images="x", output_dir="y", reject_greyscale=True)
    with pytest.raises(UsageError, match="--reject_greyscale would reject everything"):
        config.resolve(Digits)
    resolved = PrepareConfig(images="x", output_dir="y", image_size=28).resolve(Digits)
    assert (resolved.channels, resolved.checks, resolved.min_side) == (1, "basic", 14)
    assert resolved.workers >= 1


@pytest.fixture
def endless(tmp_path):
    """A preparation that would take hours and has begun to write."""
    args = ["--images=paper_dogs:1000000", "--workers=1", f"--output_dir={tmp_path / 'out'}"]
    command = [sys.executable, "-m", "tfdogs.prepare", *args]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        for _ in range(1200):
            spools = list(tmp_path.glob(".out.tmp-*/spool"))
            if spools and spools[0].stat().st_size:
                break
            time.sleep(0.1)
        yield process
        process.kill()


def test_sigterm_leaves_nothing_behind(endless, tmp_path):
    endless.send_signal(signal.SIGTERM)
    _, err = endless.communicate(timeout=120)
    assert endless.returncode == 1 and err.splitlines()[-1] == "tfdogs.prepare: interrupted"
    assert not list(tmp_path.iterdir())


def test_workers_end_with_a_killed_parent(endless):
    workers = psutil.Process(endless.pid).children(recursive=True)
    assert workers
    endless.kill()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive
