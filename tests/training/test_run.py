import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfdogs import augment
from tfdogs.data.feed import Feed
from tfdogs.data.ingest import prepare
from tfdogs.data.prepare_config import PrepareConfig
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics import extractors
from tfdogs.metrics.extractors.extractor import Stamp
from tfdogs.sampling import aug_preview, grid
from tfdogs.sampling.config import GenerateConfig
from tfdogs.sampling.generation import generate
from tfdogs.training import run
from tfdogs.training.callbacks import metrics_log
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.snapshots import Snapshots


def state(config):
    """Everything that a run must keep: weights, slots, the average, the counters."""
    gan = run.build(config, run.load_card(Path(config.model_dir)))
    Checkpoints(Path(config.model_dir, "checkpoints"), gan).restore()
    variables = [
        *gan.generator.weights,
        *gan.discriminator.weights,
        *(gan.ema_generator.weights if gan.ema_generator else []),
        *gan.g_optimizer.variables,
        *gan.d_optimizer.variables,
        gan.images_seen,
        gan.steps_done,
    ]
    return [variable.numpy() for variable in variables]


def assert_equal_states(first, second):
    first, second = state(first), state(second)
    assert len(first) == len(second)
    for a, b in zip(first, second):
        np.testing.assert_array_equal(a, b)


def test_a_run_leaves_what_the_contract_says(make_config):
    config = make_config()
    run.train(config)
    run_dir = Path(config.model_dir)
    assert {path.name for path in run_dir.iterdir()} == {
        "checkpoints", "config.json", "data.json", "metrics.jsonl", "samples", "tensorboard",
    }  # fmt: skip
    assert sorted(p.name for p in (run_dir / "samples").iterdir()) == ["fakes000000.png", "reals.png"]
    for name in ("fakes000000.png", "reals.png"):
        with Image.open(run_dir / "samples" / name) as sheet:
            assert sheet.size == (2 * 28 + 2, 2 * 28 + 2) and sheet.mode == "RGB"
    lines = metrics_log.read(run_dir / "metrics.jsonl")
    assert [line["kimg"] for line in lines] == [0.008, 0.016]
    for line in lines:
        assert {"seconds", "images_per_second", "d_loss", "g_loss", "d_real", "d_fake", "r1"} <= line.keys()
        assert 0 < line["d_real"] < 1 and 0 < line["d_fake"] < 1 and line["images_per_second"] > 0
    assert list((run_dir / "tensorboard").glob("events*"))
    names = [path.name for path in (run_dir / "checkpoints").iterdir()]
    assert sorted(names) == ["kimg000000.008", "kimg000000.016"]
    assert json.loads((run_dir / "config.json").read_text())["seed"] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {},
        pytest.param(
            {"model": "wgan_gp", "loss": "wasserstein", "gradient_penalty": 10.0, "r1": 0.0, "d_steps": 2,
             "batch_size": 2, "conditional": True}, marks=pytest.mark.slow),
        {"model": "mlp", "loss": "minimax", "precision": "mixed_bfloat16", "ema_kimg": 0.0,
         "latent": "uniform", "balance_classes": True},
    ],
    ids=["dcgan", "wgan_gp_conditional", "mlp_bfloat16_balanced"],
)  # fmt: skip
def test_resume_is_exact(make_config, tmp_path, changes):
    whole = make_config(**changes, model_dir=str(tmp_path / "whole"), total_kimg=0.032)
    run.train(whole)
    halves = make_config(**changes, model_dir=str(tmp_path / "halves"), total_kimg=0.016)
    run.train(halves)
    run.train(make_config(**changes, model_dir=str(tmp_path / "halves"), total_kimg=0.032))
    assert_equal_states(whole, halves)
    for name in ("fakes000000.png",):
        sheets = [Path(c.model_dir, "samples", name).read_bytes() for c in (whole, halves)]
        assert sheets[0] == sheets[1]
    kimg = [
        [line["kimg"] for line in metrics_log.read(Path(c.model_dir, "metrics.jsonl"))]
        for c in (whole, halves)
    ]
    assert kimg[0] == kimg[1]


def test_snapshots_of_averages_go_on_after_a_resume_and_draw(make_config, tmp_path, capsys):
    changes = {"model": "mlp", "ema_snapshot_kimg": 0.008}
    whole = make_config(**changes, model_dir=str(tmp_path / "whole"), total_kimg=0.032)
    run.train(whole)
    run.train(make_config(**changes, model_dir=str(tmp_path / "halves"), total_kimg=0.02))
    run.train(make_config(**changes, model_dir=str(tmp_path / "halves"), total_kimg=0.032))
    stored = [
        {path.name: path for path in Snapshots(tmp_path / name).paths()} for name in ("whole", "halves")
    ]
    moments = [f"kimg000000.{thousandths:03}.npz" for thousandths in (8, 16, 24, 32)]
    assert set(moments) <= set(stored[0]) and set(moments) <= set(stored[1])
    for name in moments:
        first, second = (np.load(paths[name]) for paths in stored)
        assert set(first.files) == set(second.files)
        for key in first.files:
            np.testing.assert_array_equal(first[key], second[key])
    output = tmp_path / "dogs.png"
    asked = GenerateConfig(model_dir=whole.model_dir, output=str(output), num_images=4, ema_length=0.1)
    generate(asked)
    assert output.is_file()
    line = capsys.readouterr().out.splitlines()[-2]
    assert line.startswith("average of length 0.1 at 0.032 kimg; the snapshots miss its profile by 0.0 %")


def test_the_next_batch_after_a_resume_is_the_next_batch(make_config):
    config = make_config()
    feed = Feed(config.data_dir, batch_size=4, seed=config.seed)
    whole = [batch[0].numpy() for batch, _ in zip(feed.batches(), range(6))]
    resumed = [batch[0].numpy() for batch, _ in zip(feed.batches(start_image=16), range(2))]
    np.testing.assert_array_equal(whole[4:], resumed)


KILLED_IN_A_WRITE = """
    import os, signal, sys
    from tfdogs.training import disk, run
    from tfdogs.training.config import TrainConfig

    flush, saves = disk.flush, []

    def die(path):
        if path.name == "state.json":
            saves.append(path)
            if len(saves) == 2:  # the data of the second checkpoint is half on disk
                os.truncate(path.with_name("state.data-00000-of-00001"), 100)
                os.kill(os.getpid(), signal.SIGKILL)
        flush(path)

    disk.flush = die
    run.train(TrainConfig.load(sys.argv[1]))
"""


def test_kill_9_in_the_middle_of_a_checkpoint_write_loses_nothing(make_config, tmp_path):
    whole = make_config(model_dir=str(tmp_path / "whole"), total_kimg=0.024)
    run.train(whole)
    killed = make_config(model_dir=str(tmp_path / "killed"), total_kimg=0.024)
    (tmp_path / "killed.json").write_text(killed.dump())
    command = [sys.executable, "-c", textwrap.dedent(KILLED_IN_A_WRITE), str(tmp_path / "killed.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == -signal.SIGKILL, done.stderr
    checkpoints = tmp_path / "killed" / "checkpoints"
    assert [path.name for path in checkpoints.glob("kimg*")] == ["kimg000000.008"]
    assert list(checkpoints.glob(".writing-*"))
    run.train(killed)
    assert_equal_states(whole, killed)
    assert not list(checkpoints.glob(".writing-*"))


def start(config, tmp_path):
    flags = [f"--{k}={v}" for k, v in config.to_dict().items() if not isinstance(v, bool)]
    flags += [f"--{'' if v else 'no'}{k}" for k, v in config.to_dict().items() if isinstance(v, bool)]
    # Buffered, as a user's pipe is.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.Popen(
        [sys.executable, "-m", "tfdogs.train", *flags],
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_signal_saves_before_it_ends_the_run(make_config, tmp_path, number):
    config = make_config(total_kimg=1000.0, checkpoint_kimg=500.0, log_kimg=500.0, sheet_kimg=500.0)
    process = start(config, tmp_path)
    run_dir = Path(config.model_dir)
    for line in process.stdout:
        if line.startswith("data:"):
            break
    while not (run_dir / "tensorboard").exists():  # `fit` has begun, and its handlers are set
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)  # a busy loop would take a core from the run
    process.send_signal(number)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1, errors
    assert errors.count("\n") == 1 and signal.Signals(number).name in errors and "saved" in errors
    saved = list((run_dir / "checkpoints").glob("kimg*"))
    assert len(saved) == 1
    assert run.load(run_dir).kimg == float(saved[0].name[4:]) > 0


def test_the_sheet_of_kimg_0_is_the_untrained_generators(make_config):
    config = make_config()
    run.train(config)
    untrained = run.build(config, run.load_card(Path(config.model_dir))).generate(4)
    with Image.open(Path(config.model_dir, "samples", "fakes000000.png")) as sheet:
        np.testing.assert_array_equal(np.asarray(sheet), grid.tile(untrained, columns=2))


def test_a_kill_before_the_configuration_was_written_does_not_block_the_run(make_config):
    samples = Path(make_config().model_dir, "samples")
    samples.mkdir(parents=True)
    (samples.parent / "data.json").write_text("{}")
    run.train(make_config())
    assert run.load(make_config().model_dir).kimg == 0.016


def test_time_runs_out(make_config, capsys):
    run.train(make_config(total_kimg=1000.0, max_wall_seconds=0.001))
    assert "time is over" in capsys.readouterr().out
    assert run.load(make_config().model_dir).kimg == 0.004


def test_a_changed_configuration_is_refused_with_its_diff(make_config):
    run.train(make_config())
    before = Path(make_config().model_dir, "config.json").read_bytes()
    with pytest.raises(UsageError) as error:
        run.train(make_config(batch_size=8, g_lr=0.5))
    assert "--batch_size: 4 -> 8" in str(error.value) and "--g_lr: 0.0005 -> 0.5" in str(error.value)
    assert Path(make_config().model_dir, "config.json").read_bytes() == before


def test_changed_data_is_refused(make_config, tmp_path):
    run.train(make_config())
    other = str(tmp_path / "other")
    prepare(PrepareConfig(images="paper_dogs:40", image_size=28, output_dir=other, workers=1))
    with pytest.raises(UsageError, match="data: "):
        run.train(make_config(data_dir=other))


def test_a_finished_run_stays_as_it_is(make_config, capsys):
    run.train(make_config())
    before = state(make_config())
    run.train(make_config())
    assert "done already" in capsys.readouterr().out
    for a, b in zip(before, state(make_config())):
        np.testing.assert_array_equal(a, b)


def test_a_foreign_folder_is_refused_and_left_alone(make_config, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("ten years of work")
    with pytest.raises(UsageError, match="not a run"):
        run.train(make_config())
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]


def test_what_decorates_a_run_does_not_cost_it(make_config, capsys):
    """A sheet, the reals' sheet and TensorBoard, each of which a folder or a file is in the way of."""
    config, run_dir = make_config(sheet_kimg=1.0), Path(make_config().model_dir)
    (run_dir / "samples/reals.png").mkdir(parents=True)
    run.train(dataclasses.replace(config, total_kimg=0.004))
    (run_dir / "samples/fakes000000.png").unlink()
    (run_dir / "samples/fakes000000.png/in_the_way").mkdir(parents=True)
    shutil.rmtree(run_dir / "tensorboard")
    (run_dir / "tensorboard").write_text("mine")
    shutil.rmtree(run_dir / "checkpoints")
    run.train(config)
    errors = capsys.readouterr().err
    for name in ("samples/reals.png", "samples", "tensorboard"):
        assert errors.count(f"{run_dir}/{name} (") == (2 if name.endswith("reals.png") else 1)
    assert run.load(run_dir).kimg == 0.016


@pytest.mark.parametrize("error", [OSError(28, "No space left on device", "metrics.jsonl"), KeyError("ours")])
def test_an_error_saves_what_was_trained(make_config, monkeypatch, error):
    append, run_dir = metrics_log.MetricsLog.act, Path(make_config().model_dir)

    def fail(self, images_seen, logs):
        append(self, images_seen, logs)
        if images_seen == 12:
            raise error

    monkeypatch.setattr(metrics_log.MetricsLog, "act", fail)
    config = make_config(checkpoint_kimg=500.0, log_kimg=0.004)
    with pytest.raises((TfdogsError, KeyError)) as caught:
        run.train(config)
    if isinstance(error, OSError):
        saved = run_dir / "checkpoints/kimg000000.012"
        told = f"metrics.jsonl: No space left on device; stopped at 0.012 kimg, checkpoint saved: {saved}. "
        assert str(caught.value) == told + "Run the same command to resume"
    monkeypatch.undo()
    assert run.load(run_dir).kimg == 0.012
    run.train(config)
    assert run.load(run_dir).kimg == 0.016


def test_half_a_step_is_not_saved(make_config, monkeypatch):
    def fail(self, images_seen, logs):
        self.model.d_optimizer.iterations.assign_add(1)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(metrics_log.MetricsLog, "act", fail)
    with pytest.raises(TfdogsError, match="newest checkpoint: none yet"):
        run.train(make_config(checkpoint_kimg=500.0))
    assert not list(Path(make_config().model_dir, "checkpoints").glob("*"))


def test_divergence_ends_the_run_and_is_not_saved(make_config):
    config = make_config(
        g_lr=1e30, d_lr=1e30, beta1=0.0, total_kimg=0.4, checkpoint_kimg=0.004, keep_checkpoints=99
    )
    with pytest.raises(TfdogsError, match="diverged at kimg"):
        run.train(config)
    for values in state(config):  # the newest checkpoint, or the initial weights
        assert np.isfinite(values).all()


def test_dry_run_reports_and_leaves_nothing(make_config, monkeypatch, capsys):
    stamp = Stamp("stub", "Stub", "0123456789abcdef", "bilinear", 8)
    extractor = types.SimpleNamespace(num_classes=0, imagenet=False, stamp=stamp)
    monkeypatch.setattr(extractors, "get", lambda *_, **__: extractor)
    run.train(make_config(dry_run=True, eval_kimg=0.01, augment="auto"))
    out = capsys.readouterr().out
    assert re.search(r"augmentation for \d\d images: color,translation,cutout \(", out)
    assert "3 evaluations of 2,000 images" in out
    for word in ('"batch_size": 4', "devices:", "in RAM", "img/s", "GiB", "ETA:", "generator:", "parameters"):
        assert word in out
    assert not Path(make_config().model_dir).exists()


def test_aug_preview_writes_a_sheet_and_nothing_else(make_config, tmp_path, capsys):
    sheet = tmp_path / "new/sheet.png"
    config = make_config(augment="auto", aug_preview=str(sheet), seed=3)
    run.train(config)
    out = capsys.readouterr().out
    policy, told = augment.default_policy(Feed(config.data_dir).num_images)
    assert out.splitlines() == [told, f"{sheet}: 2 images, --augment=auto"]
    reals, _ = Feed(config.data_dir).first(2)
    expected = aug_preview.draw(reals, augment.get(policy), seed=3)
    with Image.open(sheet) as image:
        np.testing.assert_array_equal(np.asarray(image), expected)
    assert [path.name for path in tmp_path.rglob("*")] == ["new", "sheet.png"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("sheet.png", r"is there already; choose another, or remove it"), ("sheet.png/a.png", r"is a file")],
)
def test_aug_preview_that_cannot_be_written_is_told_before_any_work(make_config, tmp_path, name, message):
    (tmp_path / "sheet.png").write_bytes(b"mine")
    with pytest.raises(UsageError, match=f"--aug_preview={tmp_path}/{name} .*{message}"):
        run.train(make_config(augment="ada", aug_preview=str(tmp_path / name), data_dir="nowhere"))
    assert (tmp_path / "sheet.png").read_bytes() == b"mine"


def test_image_size_the_model_cannot_do(make_config, tmp_path):
    data = str(tmp_path / "small")
    prepare(PrepareConfig(images="paper_dogs:20", image_size=16, output_dir=data, workers=1))
    with pytest.raises(UsageError, match=r"dcgan draws images of 28 to 1024 pixels. Received: image_size=16"):
        run.train(make_config(data_dir=data))
    assert not Path(make_config().model_dir).exists()


def test_conditional_needs_classes(make_config, tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for i in range(6):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(pictures / f"{i}.png")
    data = str(tmp_path / "unlabelled")
    prepare(PrepareConfig(images=str(pictures), image_size=28, output_dir=data, workers=1, checks="none"))
    with pytest.raises(UsageError, match="classes"):
        run.train(make_config(data_dir=data, conditional=True))


def test_load_refuses_what_is_no_run(tmp_path):
    with pytest.raises(UsageError, match=r"config\.json"):
        run.load(tmp_path)


def test_mirrored_over_one_device_equals_one_device(make_config, tmp_path):
    one = make_config(model_dir=str(tmp_path / "one"))
    mirrored = make_config(model_dir=str(tmp_path / "mirrored"), strategy="mirrored")
    run.train(one)
    run.train(mirrored)
    first, second = state(one), state(make_config(model_dir=str(tmp_path / "mirrored")))
    for a, b in zip(first, second):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
