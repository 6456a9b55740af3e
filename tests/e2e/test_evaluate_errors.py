"""What goes wrong when images are scored, and is told in one line."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tfdogs.metrics import command

WRONG = [
    ("--data_dir=data", 2, r"exactly one of --model_dir and --fakes"),
    ("--fakes=dogs --model_dir=run --data_dir=data", 2, r"exactly one of --model_dir and --fakes"),
    ("--fakes=dogs", 2, r"exactly one of --data_dir and --reals"),
    ("--fakes=dogs --data_dir=data --reals=dogs", 2, r"exactly one of --data_dir and --reals"),
    ("--fakes=dogs --data_dir=data --metrics=fid,beauty", 2, r"--metrics must be made of fid, .*fid,beauty"),
    ("--fakes=dogs --data_dir=data --metrics=,", 2, r"--metrics must be made of"),
    ("--fakes=dogs --data_dir=data --extractor=vgg", 2, r"--extractor must be efficientnet_lite0.*vgg"),
    ("--fakes=dogs --data_dir=data --inception_path=x", 2, r"--inception_path goes with"),
    ("--fakes=dogs --data_dir=data --extractor_range=0_1", 2, r"--extractor_range goes with"),
    ("--fakes=dogs --data_dir=data --extractor_range=0_9", 2, r"--extractor_range must be one of"),
    ("--fakes=dogs --data_dir=data --truncation=0.5", 2, r"--truncation goes with --model_dir"),
    ("--fakes=dogs --data_dir=data --best", 2, r"--best goes with --model_dir"),
    ("--fakes=dogs --data_dir=data --num_images=0", 2, r"--num_images must be at least 1"),
    ("--fakes=dogs --data_dir=data --bootstrap=1", 2, r"--bootstrap must be 0, or at least 2"),
    ("--fakes=dogs --data_dir=data --output=x.html", 2, r"--output must end in \.json.*x\.html"),
    ("--fakes=dogs --data_dir=data --output=dogs", 2, r"--output is there already"),
    ("--fakes=dogs --data_dir=data --output=dogs --overwrite", 2, r"holds image_00000\.png"),
    ("--fakes=dogs --data_dir=data --output=dogs.npy/a.json", 2, r"dogs\.npy is a file"),
    ("--fakes=dogs --data_dir=data --save_stats=x.npy", 2, r"--save_stats must end in \.npz"),
    ("--fakes=dogs --data_dir=data --save_stats=dogs.npz", 2, r"--save_stats is there already"),
    ("--fakes=nowhere --data_dir=data", 2, r"--fakes: no such file or folder.*nowhere"),
    ("--fakes=nowhere.npy --data_dir=data", 2, r"--fakes: no such file.*nowhere\.npy"),
    ("--fakes=dogs --data_dir=nowhere", 2, r"nowhere"),
    ("--fakes=dogs --data_dir=dogs", 2, r"dogs is not a data_dir"),
    ("--model_dir=dogs", 2, r"--model_dir must be a run"),
    ("--model_dir=dogs --data_dir=data", 2, r"--model_dir must be a run"),
    ("--fakes=empty --data_dir=data", 2, r"empty holds no pictures"),
    ("--fakes=corrupt.zip --data_dir=data", 1, r"corrupt\.zip is truncated or corrupt"),
    ("--fakes=notes.tar --data_dir=data", 1, r"notes\.tar is truncated or corrupt"),
    ("--fakes=bad --data_dir=data", 1, r"bad: picture dog\.png cannot be read"),
    ("--fakes=floats.npy --data_dir=data", 2, r"floats\.npy: images must be uint8.*float32"),
    ("--fakes=dogs --reals=foreign.npz", 2, r"foreign\.npz holds mu and sigma .* which extractor"),
    ("--fakes=dogs --reals=cut.npz", 1, r"cut\.npz"),
    ("--fakes=dogs --data_dir=data --cache_dir=dogs.npy", 1, r"cannot keep features in dogs\.npy"),
    ("--fakes=dogs --data_dir=data extra", 2, r"extra"),
]


@pytest.fixture
def wrong_things(home):
    (home / "empty").mkdir(exist_ok=True)
    (home / "bad").mkdir(exist_ok=True)
    (home / "bad/dog.png").write_bytes(b"no dog")
    (home / "corrupt.zip").write_bytes(b"PK\x03\x04" + bytes(40))
    (home / "notes.tar").write_text("not a tar")
    np.save(home / "floats.npy", np.zeros([3, 8, 8, 3], np.float32))
    np.savez(home / "foreign.npz", mu=np.zeros(3), sigma=np.eye(3))
    (home / "cut.npz").write_bytes((home / "dogs.npz").read_bytes()[:-30])


@pytest.mark.parametrize(("flags", "status", "named"), WRONG, ids=[flags for flags, _, _ in WRONG])
def test_what_goes_wrong_is_one_clear_line(home, evaluate, wrong_things, flags, status, named):
    def tree():
        return {path.relative_to(home) for path in home.rglob("*") if "cache" not in path.parts}

    before = tree()
    code, out, errors = evaluate(*flags.split())
    assert code == status, errors
    (line,) = errors.strip().splitlines()
    assert line.startswith("tfdogs.evaluate: ") and re.search(named, line)
    assert not out and tree() == before


def test_help(evaluate):
    status, out, errors = evaluate("--help")
    assert status == 0 and not errors
    for flag in ("--fakes", "--metrics", "--extractor", "--save_stats", "--flagfile"):
        assert flag in out


def test_bad_usage_is_told_before_tensorflow_is_loaded(tmp_path):
    for flags in (["--fakes=a"], ["--fakes=a", "--reals=b", "--metrics=beauty"], ["--fakes=a", "--reals=b"]):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "tfdogs.evaluate", *flags],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert done.returncode == 2
        lines = done.stderr.splitlines()
        assert [line for line in lines if not line.startswith("import time:")] == [lines[-1]]
        assert not any(line.endswith(" tensorflow") for line in lines)


def test_what_the_extractor_lacks_is_told_before_the_reals_are_gone_through(evaluate, colours, monkeypatch):
    lacking = type(colours)()
    lacking.imagenet = False
    monkeypatch.setattr(lacking, "extract", None)
    flags = ("--fakes=dogs", "--data_dir=data", "--metrics=fid,dog_score", "--cache_dir=lacking")
    status, _, errors = evaluate(*flags, extractor=lacking)
    assert status == 2 and "the metric dog_score needs ImageNet's classes, and Colours has not" in errors


def test_a_reader_that_is_gone_does_not_cost_the_file(evaluate, tmp_path, monkeypatch):
    """As by `| head -1` where PYTHONUNBUFFERED is set."""

    def gone(text):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(command, "_print", gone)
    flags = ("--fakes=dogs", "--reals=dogs.npy", "--metrics=kid", f"--output={tmp_path}/scores.json")
    assert evaluate(*flags)[0] == 1
    assert "kid" in json.loads((tmp_path / "scores.json").read_text())["scores"]


def test_a_run_whose_data_was_prepared_anew(evaluate, home):
    shutil.copytree(home / "run", home / "old_run")
    card = home / "old_run/data.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "fingerprint": "0" * 64}))
    flags = ("--model_dir=old_run", "--num_images=30", "--metrics=fid")
    status, _, errors = evaluate(*flags)
    (line,) = errors.strip().splitlines()
    assert status == 2 and "data was prepared anew" in line and "give --data_dir=" in line
    assert evaluate(*flags, "--data_dir=data")[0] == 0
    card.write_text("{}")
    status, _, errors = evaluate(*flags)
    assert status == 2 and "old_run is not a run of tfdogs.train: data.json is missing or foreign" in errors
    shutil.rmtree(home / "old_run")
