"""The export as a user types it."""

import dataclasses
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import types

import numpy as np
import pytest
import tensorflow as tf

from tfdogs import cli, export
from tfdogs.serving import deployment
from tfdogs.serving.export_config import ExportConfig
from tfdogs.serving.float32 import in_float32
from tfdogs.training import run as training
from tfdogs.training.callbacks.best_generator import BestGenerator
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.config import TrainConfig

CLASSES = ("beagle", "pug", "toy poodle")
LINE = {"num_fakes": 20, "num_reals": 60, "stamp": {"extractor": "a"}, "alarms": []}


def score(value):
    return {"fid": {"title": "FID", "value": value, "error": float("nan"), "better": "lower"}}


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    """A run in bfloat16 with classes, which kept a better generator and has gone on to 1.5 kimg."""
    path = tmp_path_factory.mktemp("runs") / "dogs"
    sizes = {"g_channels": 1, "d_channels": 1, "latent_dim": 4}
    config = TrainConfig(
        data_dir=str(path / "photographs"),
        model_dir=str(path),
        model="mlp",
        conditional=True,
        precision="mixed_bfloat16",
        **sizes,
    )
    card = training.DataCard(image_size=8, channels=3, classes=CLASSES, num_images=1, fingerprint="")
    gan = training.build(config, card)
    line = {"kimg": 1.0, "scores": score(50.0), **LINE}
    path.mkdir()
    BestGenerator(path, "fid").on_evaluation(1.0, None, [line], model=gan, fakes=None)
    for weight in gan.ema_generator.weights:
        weight.assign(weight + 0.1)
    gan.images_seen.assign(1500)
    Checkpoints(path / "checkpoints", gan).save()
    lines = (line, {**line, "kimg": 1.5, "scores": score(60.0)}, {**line, "kimg": 9.0})
    (path / "evaluations.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (path / "config.json").write_text(config.dump())
    (path / "data.json").write_text(json.dumps(dataclasses.asdict(card)))
    return path


@pytest.fixture
def run(capsys):
    """Runs the command in this process and returns (status, lines of out, lines of err)."""

    def run(*flags):
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            cli.main(ExportConfig, export.run, summary=export.__doc__, argv=["export.py", *map(str, flags)])
        return (caught.value.code, *(text.splitlines() for text in capsys.readouterr()))

    return run


def draw(folder):
    model = tf.saved_model.load(str(folder))
    inputs = {"seed": tf.range(6, dtype=tf.int64), "truncation": tf.zeros([6]), "label": tf.fill([6], -1)}
    return model.signatures["images"](**inputs)["images"].numpy()


def test_a_run_becomes_versions(run, model_dir, tmp_path):
    root = tmp_path / "new/exports"
    flags = (f"--model_dir={model_dir}", f"--export_dir={root}")
    status, (line,), errors = run(*flags, "--name=pups")
    assert status == 0 and not errors
    assert line.startswith(f"{root / '1'}: version 1 of pups, at 1.5 kimg, ") and "interpolate" in line
    assert {path.name for path in root.iterdir()} == {
        *("1", "compose.yaml", "models.config", "batching_parameters.txt", "nginx.conf", "page")
    }
    card = json.loads((root / "1/assets.extra/card.json").read_text())
    assert (card["model"], card["kimg"], card["data"]) == ("mlp", 1.5, "photographs")
    assert card["classes"] == list(CLASSES)
    assert card["scores"] == {"fid": {"title": "FID", "value": 60.0, "error": None, "better": "lower"}}
    newest = in_float32(training.load(model_dir).gan).generate(6)
    np.testing.assert_array_equal(draw(root / "1"), newest)

    pytest.importorskip("tf2onnx", reason="the extra onnx is not installed")
    (root / "compose.yaml").write_text("services: {}")
    status, lines, errors = run(*flags, "--best", "--onnx", "--tflite")
    assert status == 0 and len(lines) == 2
    assert lines[0].startswith(f"{root}: kept as they were") and lines[0].endswith(": compose.yaml")
    assert lines[1].startswith(f"{root / '2'}: version 2 of pups, at 1 kimg, ")
    assert {path.name for path in (root / "2/assets.extra").iterdir()} == {
        *("card.json", "tf_serving_warmup_requests", "generator.onnx", "generator.tflite")
    }
    card = json.loads((root / "2/assets.extra/card.json").read_text())
    assert card["kimg"] == 1.0 and card["scores"]["fid"]["value"] == 50.0
    best = in_float32(training.load(model_dir, best=True).gan).generate(6)
    np.testing.assert_array_equal(draw(root / "2"), best)
    assert (best != newest).any()


def test_an_average_of_another_length(run, model_dir, tmp_path, keep_averages):
    averaged, root = tmp_path / "averaged", tmp_path / "exports"
    shutil.copytree(model_dir, averaged)
    flags = (f"--model_dir={averaged}", f"--export_dir={root}", "--ema_length=0.05")
    status, _, (line,) = run(*flags)
    assert status == 2 and "has no snapshots of averages" in line and not root.exists()
    gan = training.load(averaged).gan
    newest = in_float32(gan).generate(6)
    keep_averages(averaged, gan)
    status, (average, line), errors = run(*flags)
    assert status == 0 and f"{root / '1'}: version 1 of dogs, at 1.5 kimg, " in line, errors
    assert average.startswith("average of length 0.05 at 1.5 kimg; ")
    gan.ema_generator.set_weights(gan.generator.get_weights())
    images = draw(root / "1").astype(int)
    np.testing.assert_allclose(images, in_float32(gan).generate(6), atol=1)
    assert np.abs(images - newest).max() > 1
    card = json.loads((root / "1/assets.extra/card.json").read_text())
    assert card["kimg"] == 1.5 and card["scores"] == {}  # the run's own are of its own average


def test_another_name_than_the_one_there_is_refused_before_any_work(run, model_dir, tmp_path, monkeypatch):
    deployment.write(tmp_path, "dogs")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    monkeypatch.setattr("tfdogs.serving.run_export.load_run", None)  # which would be work
    status, _, (line,) = run(f"--model_dir={model_dir}", f"--export_dir={tmp_path}", "--name=pups")
    assert status == 2 and "--name=pups" in line and "says dogs" in line and "leave --name out" in line
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_missing_package_is_named_before_any_work(run, model_dir, tmp_path, monkeypatch):
    find = importlib.util.find_spec
    for package, extra, flags in (("tensorflow_serving", "serve", ()), ("tf2onnx", "onnx", ("--onnx",))):
        missing = types.SimpleNamespace(find_spec=lambda name, p=package: None if name == p else find(name))
        monkeypatch.setattr("tfdogs.serving.run_export.importlib.util", missing)
        status, _, (line,) = run(f"--model_dir={model_dir}", f"--export_dir={tmp_path}/new", *flags)
        assert status == 2 and f"pip install 'tfdogs[{extra}]'" in line and package in line
    assert not list(tmp_path.iterdir())


def test_a_run_that_kept_no_best_generator(run, model_dir, tmp_path):
    (tmp_path / "run").mkdir()
    for name in ("config.json", "data.json", "checkpoints"):
        (tmp_path / "run" / name).symlink_to(model_dir / name)
    status, _, (line,) = run(f"--model_dir={tmp_path}/run", f"--export_dir={tmp_path}/new", "--best")
    assert status == 2 and "has kept no best generator" in line
    assert not (tmp_path / "new").exists()


WRONG = [
    ("--export_dir=new", r"--model_dir is required"),
    ("--model_dir=run", r"--export_dir is required"),
    ("--model_dir=nowhere --export_dir=new", r"--model_dir must be a run .*Received: --model_dir=nowhere"),
    ("--model_dir=run --export_dir=", r"--export_dir must not be empty"),
    ("--model_dir=run --export_dir=file", r"file is not a folder"),
    ("--model_dir=run --export_dir=old --version=4", r"--version=4 exists"),
    ("--model_dir=run --export_dir=new --version=-1", r"--version must be at least 0.*--version=-1"),
    ("--model_dir=run --export_dir=new --name=a/b", r"--name must be letters.*Received: --name=a/b"),
    ("--model_dir=run --export_dir=new --name=.a", r"--name must be letters.*Received: --name=.a"),
    ("--model_dir=run --export_dir=old --name=pups", r"--name=pups .*models.config says dogs"),
    ("--model_dir=run --export_dir=new --dtype=half", r"dtype"),
]


@pytest.mark.parametrize(("flags", "message"), WRONG)
def test_bad_usage_is_one_line_and_status_2_before_tensorflow_is_loaded(tmp_path, flags, message):
    (tmp_path / "file").write_text("")
    (tmp_path / "old/4").mkdir(parents=True)
    (tmp_path / "old/models.config").write_text("config { name: 'dogs' }")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tfdogs.export", *flags.split()],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("import time:"))
    assert done.returncode == 2 and re.match(r"tfdogs\.export: .*" + message, line)
    assert not any(line.endswith(" tensorflow") for line in done.stderr.splitlines())
    assert {path.name for path in tmp_path.iterdir()} == {"file", "old"}
