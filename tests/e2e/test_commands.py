"""The commands as a user types them: prepare, train, generate, and what goes wrong."""

import os
import re
import runpy
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
TRAIN = (
    f"--flagfile={ROOT}/configs/dcgan_dogs64.flags --g_channels=2 --d_channels=2 --batch_size=8 "
    "--r1_interval=2 --total_kimg=0.032 --data_dir=data --model_dir=run"
)


def in_a_process(*args, cwd):
    """Runs `python -m ARGS` as a user does."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", *args], capture_output=True, text=True, timeout=600, cwd=cwd, env=environment
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs a command in this process, which has TensorFlow already, and returns (status, out, err)."""

    def run(name, *flags, cwd=ROOT):
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", [name, *flags])
        monkeypatch.delitem(sys.modules, f"tfdogs.{name}", raising=False)
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit:
            runpy.run_module(f"tfdogs.{name}", run_name="__main__", alter_sys=True)
        return (exit.value.code, *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder in which data was prepared and a run trained, by the commands of the README."""
    home = tmp_path_factory.mktemp("home")
    in_a_process("tfdogs.prepare", "--images=paper_dogs:64", "--image_size=32", "--output_dir=data", cwd=home)
    in_a_process("tfdogs.train", *TRAIN.split(), cwd=home)
    return home


def test_from_pictures_to_pictures(home, run):
    in_a_process("tfdogs.generate", "--model_dir=run", "--num_images=4", "--output=grid.png", cwd=home)
    for output in ("dogs.zip", "walk.gif", "page.html", "folder"):
        status, _, errors = run(
            "generate", "--model_dir=run", "--num_images=4", f"--output={output}", cwd=home
        )
        assert status == 0, errors
    with Image.open(home / "grid.png") as grid:
        assert grid.size == (2 * 32 + 2, 2 * 32 + 2)
    with zipfile.ZipFile(home / "dogs.zip") as archive:
        assert archive.namelist() == [f"image_{i:05}.png" for i in range(4)]
        for name in archive.namelist():
            assert archive.read(name) == (home / "folder" / name).read_bytes()
    with Image.open(home / "walk.gif") as walk:
        assert walk.n_frames > 4
    assert "<html" in (home / "page.html").read_text()


def test_the_same_command_goes_on(home, run):
    status, out, _ = run("train", *TRAIN.split(), cwd=home)
    assert status == 0 and "done already" in out


@pytest.mark.parametrize("command", ["prepare", "train", "generate"])
def test_help(run, command):
    status, out, errors = run(command, "--help")
    assert status == 0 and not errors
    assert "--flagfile" in out and "(required)" in out and "default" in out


WRONG = [
    ("prepare", "--imges=x --output_dir=out", 2, r"'imges'"),
    ("prepare", "--output_dir=out", 2, r"--images is required"),
    ("prepare", "--images=nowhere.tar --output_dir=out", 2, r"nowhere\.tar"),
    ("prepare", "--images=empty --output_dir=out", (1, 2), r"empty"),
    ("prepare", "--images=paper_dogs:many --output_dir=out", 2, r"paper_dogs:many"),
    ("prepare", "--images=paper_dogs:9 --output_dir=out --image_size=3", 2, r"--image_size must be"),
    ("prepare", "--images=paper_dogs:9 --output_dir=data", 2, r"data"),
    ("prepare", "--images=notes.tar --output_dir=out", (1, 2), r"notes\.tar"),
    ("train", "--data_dir=data --model_dir=r --batchsize=3", 2, r"'batchsize'"),
    ("train", "--data_dir=data --model_dir=r extra", 2, r"extra"),
    ("train", "--data_dir=data --model_dir=r --flagfile=none.flags", 2, r"none\.flags"),
    ("train", "--data_dir=data --model_dir=r --batch_size=many", 2, r"--batch_size=many"),
    ("train", "--data_dir=data --model_dir=r --loss=hinge --label_smoothing=0.1", 2, r"--label_smoothing"),
    ("train", "--data_dir=data --model_dir=r --augment=fog", 2, r"--augment=fog"),
    ("train", "--data_dir=data --model_dir=r --seed=4294967296", 2, r"--seed=4294967296"),
    ("train", "--data_dir=data --model_dir=r --total_kimg=inf", 2, r"--total_kimg must be a finite number"),
    ("train", "--data_dir=data --model_dir=r --model=wgan_gp", 2, r"--model needs --loss=wasserstein"),
    ("train", "--data_dir=nowhere --model_dir=r", 2, r"nowhere"),
    ("train", "--data_dir=empty --model_dir=r", 2, r"empty is not a data_dir"),
    ("train", "--data_dir=data --model_dir=run --g_lr=0.5", 2, r"--g_lr: 0\.0004 -> 0\.5"),
    ("generate", "--model_dir=empty --output=x.png", 2, r"empty"),
    ("generate", "--model_dir=run --output=x.jpg", 2, r"x\.jpg"),
    ("generate", "--model_dir=run --output=x.png --truncation=-1", 2, r"--truncation"),
]


@pytest.mark.parametrize(
    ("command", "flags", "status", "named"), WRONG, ids=[f"{c} {f}" for c, f, _, _ in WRONG]
)
def test_what_goes_wrong_is_one_clear_line(home, run, command, flags, status, named):
    (home / "empty").mkdir(exist_ok=True)
    (home / "notes.tar").write_text("not a tar")
    before = {path.relative_to(home) for path in home.rglob("*")}
    code, _, errors = run(command, *flags.split(), cwd=home)
    assert code in (status if isinstance(status, tuple) else (status,)), errors
    assert errors.startswith(f"tfdogs.{command}: ") and "Traceback" not in errors
    lines = errors.strip().splitlines()
    # The diff of a changed configuration has a line a flag.
    assert len(lines) == 1 or lines[0].endswith("Changed:")
    assert re.search(named, errors)
    assert {path.relative_to(home) for path in home.rglob("*")} == before
