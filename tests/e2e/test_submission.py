"""The submission as a user checks and scores it."""

import dataclasses
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tfdogs import cli, submission
from tfdogs.competition.config import SubmissionConfig
from tfdogs.data.paper_dogs import draw

ASKED_FOR = ("--num_images=50", "--image_size=28")
FEW, MANY = 1000, 3500
# Draws few images, then many, and prints after each the most memory, in KiB, that the process ever had.
GENERATE = """
import re, sys
from tfdogs import cli, generate
from tfdogs.sampling.config import GenerateConfig

for count in sys.argv[2:]:
    argv = ["generate", f"--model_dir={sys.argv[1]}", f"--num_images={count}", f"--output={count}.zip"]
    try:
        cli.main(GenerateConfig, generate.run, summary="", argv=argv)
    except SystemExit as exit:
        assert exit.code == 0
    print("most", re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
"""


@pytest.fixture
def submit(home, monkeypatch, capsys, colours):
    """Runs the command in this process, in `home`, and returns (status, out, err)."""
    from tfdogs.metrics import extractors

    def submit(*flags, asked_for=ASKED_FOR):
        with monkeypatch.context() as patch:
            patch.setattr(extractors, "get", lambda *args, **kwargs: colours)
            patch.chdir(home)
            patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
            capsys.readouterr()
            with pytest.raises(SystemExit) as exit:
                argv = ["submission.py", *flags, *asked_for]
                cli.main(SubmissionConfig, submission.run, summary=submission.__doc__, argv=argv)
            return (exit.value.code, *capsys.readouterr())

    return submit


@pytest.fixture(scope="module", autouse=True)
def zips(home, encode):
    """`good.zip`, which is what was asked for, and `bad.zip`, which is not, in `home`."""
    dogs = {f"image_{i:05}.png": encode(draw(i, seed=1, size=28)) for i in range(50)}
    bad = {**dogs, "image_00001.png": dogs["image_00000.png"], ".DS_Store": b"x"}
    bad["image_00002.png"] = encode(draw(2, seed=1, size=29))
    for name, files in {"good.zip": dogs, "bad.zip": bad}.items():
        with zipfile.ZipFile(home / name, "w") as archive:
            for member, data in files.items():
                archive.writestr(member, data)
    (home / "no.zip").write_bytes(b"no zip")


def test_a_valid_zip(submit):
    status, out, errors = submit("good.zip")
    assert (status, errors) == (0, "")
    lines = out.splitlines()
    assert len([line for line in lines if line.startswith("ok ")]) == 11 and "FAIL" not in out
    assert lines[-1] == "not scored: --data_dir or --reals says against which training images"


def test_a_valid_zip_is_scored(submit, home):
    status, out, _ = submit("good.zip", "--data_dir=data", "--report=made/report.json")
    assert status == 0
    scored = [line for line in out.splitlines() if "(Colours)" in line]
    assert [line.split(" (")[0] for line in scored] == [
        "FID",
        "Memorisation distance d",
        "MiFID eps 0.10",
        "MiFID eps 0.25",
    ]
    assert "fakes: good.zip" in out and "reals: data (train)" in out and "extractor: Colours" in out
    report = json.loads((home / "made/report.json").read_text())
    assert report["valid"] and len(report["checks"]) == 11
    scores = {name: score["value"] for name, score in report["evaluation"]["scores"].items()}
    fid, d = scores["fid"], scores["memorization_distance"]
    for name, eps in (("mifid_public", 0.10), ("mifid_private", 0.25)):
        assert scores[name] == pytest.approx(fid / d if d < eps else fid)


def test_the_training_images_themselves_are_found_out(submit, home):
    status, out, _ = submit("good.zip", "--reals=good.zip", "--report=self.json")
    assert status == 0 and "ALARM: the fakes copy training images" in out
    scores = json.loads((home / "self.json").read_text())["evaluation"]["scores"]
    assert scores["memorization_distance"]["value"] == pytest.approx(0, abs=1e-6)


def test_an_invalid_zip_is_not_scored(submit, home, colours, monkeypatch):
    monkeypatch.setattr(colours, "extract", None)
    status, out, errors = submit("bad.zip", "--data_dir=data", "--report=bad.json")
    assert status == 1
    assert errors == "tfdogs.submission: bad.zip is not valid: contents, format, size, duplicates\n"
    for line in (
        "FAIL  contents    1 of 51 do not belong in it: legal are .png files, in no folder",
        ".DS_Store (litter of macOS)",
        "image_00002.png (29x29)",
        "image_00001.png (as image_00000.png)",
        "not scored: only a valid zip is",
    ):
        assert line in out, out
    report = json.loads((home / "bad.json").read_text())
    assert not report["valid"] and report["evaluation"] is None
    assert [check["name"] for check in report["checks"] if not check["passed"]] == [
        "contents",
        "format",
        "size",
        "duplicates",
    ]


def test_what_was_asked_for_is_the_competitions_by_default(submit):
    status, out, errors = submit("good.zip", asked_for=())
    assert status == 1 and "is not valid: size, count, values, variety" in errors
    assert "10,000 PNGs of 64x64 are asked for" in out and "50 of 50 PNGs are not 64x64" in out


def test_no_zip_at_all(submit):
    status, out, errors = submit("no.zip")
    assert status == 1 and errors == "tfdogs.submission: no.zip is not valid: archive\n"
    assert "FAIL  archive     no usable zip" in out


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ((), r"--zip is required"),
        (("nowhere.zip",), r"--zip must be an existing file. Received: --zip=nowhere\.zip"),
        (("dogs",), r"--zip must be an existing file"),
        (("good.zip", "bad.zip"), r"takes --zip once"),
        (("good.zip", "--data_dir=nowhere"), r"no such data_dir: nowhere"),
        (("good.zip", "--data_dir=dogs"), r"dogs is not a data_dir"),
        (("good.zip", "--reals=nowhere"), r"--reals: no such file or folder"),
        (("good.zip", "--reals=stats.npz"), r"--reals must be images: MiFID compares with each of them"),
        (("good.zip", "--report=good.json/report.json"), r"good\.json is a file"),
        (("good.zip", "--report=good.json"), r"--report=good\.json is there already"),
    ],
)
def test_bad_usage_is_one_line_before_any_work(submit, home, monkeypatch, flags, named):
    from tfdogs.competition import command

    np.savez(home / "stats.npz", mu=np.zeros(3), sigma=np.eye(3))
    (home / "good.json").write_text("{}")
    monkeypatch.setattr(command, "validate", None)
    status, out, errors = submit(*flags)
    assert status == 2 and not out
    (line,) = errors.splitlines()
    assert line.startswith("tfdogs.submission: ") and re.search(named, line)


def test_help(submit):
    status, out, errors = submit("--help", asked_for=())
    assert status == 0 and not errors
    assert "--zip= may be left out" in " ".join(out.split()) and "--report" in out


def test_checks_alone_need_no_tensorflow(home):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tfdogs.submission", "good.zip", *ASKED_FOR],
        capture_output=True,
        text=True,
        cwd=home,
    )
    assert done.returncode == 0 and "ok    variety" in done.stdout
    assert not any(line.endswith(" tensorflow") for line in done.stderr.splitlines())


@pytest.fixture
def run64(tmp_path):
    """A run of 64 px as training leaves it, whose images differ as far as they do without training."""
    from tfdogs.training import run
    from tfdogs.training.checkpoints import Checkpoints
    from tfdogs.training.config import TrainConfig

    sizes = {"g_channels": 1, "d_channels": 1, "latent_dim": 8, "ema_kimg": 0.0, "self_modulation": False}
    config = TrainConfig(data_dir="data", model_dir=str(tmp_path / "run64"), model="dcgan", **sizes)
    card = run.DataCard(image_size=64, channels=3, classes=(), num_images=50, fingerprint="")
    gan = run.build(config, card)
    for weight in gan.generator.weights:
        if "kernel" in weight.name:
            weight.assign(weight * 17)
    Checkpoints(tmp_path / "run64/checkpoints", gan).save()
    (tmp_path / "run64/config.json").write_text(config.dump())
    (tmp_path / "run64/data.json").write_text(json.dumps(dataclasses.asdict(card)))
    return tmp_path / "run64"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc, which tells the memory used")
def test_a_zip_of_a_runs_images_in_bounded_memory(run64, tmp_path, submit):
    command = [sys.executable, "-c", GENERATE, str(run64), str(FEW), str(MANY)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    few, many = (1024 * int(most) for most in re.findall(r"^most (\d+)$", done.stdout, re.MULTILINE))
    assert many - few < (MANY - FEW) * 64 * 64 * 3 * 2 / 3  # a list of all would take more than the whole
    path = tmp_path / f"{MANY}.zip"
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == MANY
    status, out, errors = submit(str(path), asked_for=(f"--num_images={MANY}",))
    assert (status, errors) == (0, ""), out
    assert f"all {MANY:,} PNGs are 64x64" in out and "FAIL" not in out
    if shutil.which("zipinfo") is None:
        pytest.skip("needs the program zipinfo for another opinion on the zip")
    found = subprocess.run(["zipinfo", "-t", str(path)], capture_output=True, text=True)
    assert found.returncode == 0 and found.stdout.startswith(f"{MANY} files, "), found
