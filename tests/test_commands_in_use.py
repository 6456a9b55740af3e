"""What one command writes, no other command writes at the same time."""

import contextlib
import os
import socket
import zipfile

import numpy as np
import pytest
from PIL import Image

from tfdogs import aside, cli, evaluate, export, gallery, generate, prepare, project, submission, train
from tfdogs.competition.config import SubmissionConfig
from tfdogs.data.prepare_config import PrepareConfig
from tfdogs.errors import TfdogsError
from tfdogs.exhibition.config import GalleryConfig
from tfdogs.metrics.config import EvaluateConfig
from tfdogs.sampling.config import GenerateConfig
from tfdogs.sampling.projection.config import ProjectConfig
from tfdogs.serving.export_config import ExportConfig
from tfdogs.training.config import TrainConfig

IN_USE = f"is in use by process {os.getpid()} on {socket.gethostname()}"
COMMANDS = {
    "train": (TrainConfig, train, "model_dir", aside.alone_in, ["--data_dir={data}"]),
    "prepare": (PrepareConfig, prepare, "output_dir", aside.alone_at, ["--images=paper_dogs:3"]),
    "generate": (GenerateConfig, generate, "output", aside.alone_at, ["--model_dir={data}"]),
    "export": (ExportConfig, export, "export_dir", aside.alone_in, ["--model_dir={data}"]),
    "gallery": (GalleryConfig, gallery, "output_dir", aside.alone_at, ["--images={images}"]),
    "evaluate": (
        EvaluateConfig, evaluate, "output", aside.alone_at, ["--fakes={images}", "--reals={images}"],
    ),
    "evaluate_stats": (
        EvaluateConfig, evaluate, "save_stats", aside.alone_at, ["--fakes={images}", "--reals={images}"],
    ),
    "submission": (SubmissionConfig, submission, "report", aside.alone_at, ["--zip={images}.zip"]),
    "project": (
        ProjectConfig, project, "output", aside.alone_at, ["--model_dir={data}", "--image={images}"],
    ),
}  # fmt: skip


@pytest.fixture
def images(tmp_path):
    (tmp_path / "images").mkdir()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "images/a.png")
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        archive.write(tmp_path / "images/a.png", "a.png")
    return tmp_path / "images"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_second_of_two_leaves_with_one_line(command, images, tmp_path, paper_data, capsys):
    config_class, module, flag, alone, others = COMMANDS[command]
    endings = {"evaluate_stats": ".npz", "project": ".npz", "submission": ".json"}
    output = tmp_path / f"output{endings.get(command, '')}"
    paths = {"data": paper_data, "images": images}
    argv = [f"{command}.py", f"--{flag}={output}", *(other.format(**paths) for other in others)]
    with alone(output):
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(SystemExit) as caught:
            cli.main(config_class, module.run, summary="", argv=argv)
        assert sorted(tmp_path.rglob("*")) == before
    assert caught.value.code == 1
    out, err = capsys.readouterr()
    assert err.endswith(f"{command}: {output} {IN_USE}\n")
    assert command == "train" or not out  # before any work


def test_pushes_and_rollbacks_take_turns(tmp_path):
    pushed_versions = pytest.importorskip("pipeline.release.pushed_versions")
    model, push_dir = tmp_path / "model", tmp_path / "served"
    model.mkdir()
    push_dir.mkdir()
    for work in (
        lambda: pushed_versions.push(model, push_dir, origin={"fingerprint": "a"}),
        lambda: pushed_versions.roll_back(push_dir),
    ):
        with aside.alone_in(push_dir), pytest.raises(TfdogsError, match=f"served {IN_USE}"):
            work()


def test_a_command_that_only_looks_is_not_kept_out(tmp_path, make_config):
    from tfdogs.training import run

    with contextlib.redirect_stdout(None), aside.alone_in(tmp_path / "run"):
        run.train(make_config(dry_run=True))
