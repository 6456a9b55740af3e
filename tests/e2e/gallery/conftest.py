"""Runs, and the command that makes galleries of them."""

import dataclasses
import functools
import json
import runpy
import shutil
import sys

import pytest

from tfdogs.data.manifest import Manifest
from tfdogs.sampling import grid
from tfdogs.training import run as training
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.config import TrainConfig

STAMP = {"extractor": "net", "label": "Net", "weights": "0" * 16, "resizer": "bilinear", "input_size": 8}


def evaluation(kimg, fid):
    score = {"title": "FID (Net)", "value": fid, "error": 0.5, "better": "lower"}
    counts = {"num_fakes": 20, "num_reals": 50}
    return json.dumps({"kimg": kimg, "scores": {"fid": score}, "alarms": [], "stamp": STAMP, **counts}) + "\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory, paper_data):
    """A folder with a conditional run, as training leaves it, and a worse one."""
    place = tmp_path_factory.mktemp("place")
    path, manifest = place / "run", Manifest.load(paper_data)
    config = TrainConfig(
        data_dir=str(paper_data),
        model_dir=str(path),
        model="mlp",
        precision="float32",
        conditional=True,
        g_channels=1,
        d_channels=1,
        latent_dim=4,
        sheet_columns=2,
    )
    card = training.DataCard(28, 3, manifest.classes, manifest.num_images(), manifest.fingerprint)
    gan = training.build(config, card)
    gan.images_seen.assign(2500)
    Checkpoints(path / "checkpoints", gan).save()
    (path / "config.json").write_text(config.dump())
    (path / "data.json").write_text(json.dumps(dataclasses.asdict(card)))
    (path / "samples").mkdir()
    for kimg in range(3):
        sheet = grid.tile(gan.generate(4, seed=kimg), columns=2)
        grid.save_png(sheet, path / f"samples/fakes{kimg:06d}.png")
    verdicts = ({"kimg": kimg, "d_real": 0.8, "d_fake": 0.3} for kimg in (1, 2))
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in verdicts))
    (path / "evaluations.jsonl").write_text(evaluation(0.0, 90.0) + evaluation(2.0, 41.5))
    shutil.copytree(path, place / "worse")
    (place / "worse/evaluations.jsonl").write_text(evaluation(0.0, 95.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "load", functools.cache(training.load))
        yield place


@pytest.fixture
def gallery(place, monkeypatch, capsys):
    """Runs the command in this process, in `place`, and returns (status, out, err)."""

    def gallery(*flags):
        with monkeypatch.context() as patch:
            patch.chdir(place)
            patch.setattr(sys, "argv", ["gallery", *flags])
            patch.delitem(sys.modules, "tfdogs.gallery", raising=False)
            capsys.readouterr()
            with pytest.raises(SystemExit) as exit:
                runpy.run_module("tfdogs.gallery", run_name="__main__", alter_sys=True)
            return (exit.value.code, *capsys.readouterr())

    return gallery


@pytest.fixture
def good(gallery, place):
    """Runs the command, which must do well; returns the gallery's folder and what was printed."""

    def good(*flags, output="out"):
        shutil.rmtree(place / output, ignore_errors=True)
        status, out, errors = gallery(*flags, f"--output_dir={output}")
        assert status == 0, errors
        return place / output, out

    return good
