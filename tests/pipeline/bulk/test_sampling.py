import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.bulk import export_painter, run_painter
from pipeline.bulk.draw_shard import DrawShard
from pipeline.bulk.image_shard import ImageShard
from pipeline.bulk.sample_config import SampleConfig
from pipeline.bulk.span import Span
from tfdogs.data.manifest import Manifest
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.sampling.config import GenerateConfig
from tfdogs.sampling.generation import generate
from tfdogs.sampling.labels import DataLabels
from tfdogs.serving import saved_model
from tfdogs.training import run


def shards(folder):
    return {path.name: path.read_bytes() for path in Path(folder).glob("*.tfrecord")}


def times(folder):
    return {path.name: path.stat().st_mtime_ns for path in Path(folder).glob("*.tfrecord")}


def test_images_are_those_of_generate(plain, drawn, read, tmp_path):
    generate(GenerateConfig(model_dir=str(plain), output=str(tmp_path / "a.zip"), num_images=70, seed=3))
    expected = read(tmp_path / "a.zip")
    assert len(expected) == 70 and len(np.unique(expected.reshape(70, -1), axis=0)) == 70
    np.testing.assert_array_equal(read(drawn), expected)
    names = sorted(path.name for path in drawn.iterdir())
    assert names == ["dataset.json", "plan.json", *(f"train-{i:05d}-of-00005.tfrecord" for i in range(5))]
    manifest = Manifest.load(drawn)
    assert [shard.records for shard in manifest.splits["train"]] == [16, 16, 16, 16, 6]
    told = manifest.provenance
    assert (told["seed"], told["num_images"], told["told"]) == (3, 70, "mlp at 1.5 kimg")


@pytest.mark.parametrize("flags", [{"label": "pug", "truncation": 0.5}, {}], ids=["pug", "all"])
def test_classes_and_truncation_are_those_of_generate(breeds, sample, read, tmp_path, flags):
    sample(tmp_path / "bulk", model_dir=str(breeds), num_images=7, shard_size=4, **flags)
    output = str(tmp_path / "a.zip")
    generate(GenerateConfig(model_dir=str(breeds), output=output, num_images=7, seed=3, **flags))
    np.testing.assert_array_equal(read(tmp_path / "bulk"), read(output))
    assert Manifest.load(tmp_path / "bulk").classes == ("beagle", "pug", "toy poodle")


def test_classes_are_as_often_as_the_data_has_them_where_that_is_asked_for(breeds, sample, read, tmp_path):
    card = json.loads((breeds / "data.json").read_text())
    flags = {"model_dir": str(tmp_path / "told"), "labels": "data", "num_images": 12, "shard_size": 5}
    shutil.copytree(breeds, flags["model_dir"])
    with pytest.raises(UsageError, match="--labels needs label_counts"):
        sample(tmp_path / "bulk", **flags)
    Path(flags["model_dir"], "data.json").write_text(json.dumps({**card, "label_counts": [9, 1, 2]}))
    run.load.cache_clear()
    manifest = sample(tmp_path / "bulk", **flags)
    expected = run.load(flags["model_dir"]).gan.sampler.images(range(3, 15), labels=DataLabels((9, 1, 2)))
    np.testing.assert_array_equal(read(tmp_path / "bulk"), expected)
    assert manifest.provenance["labels"] == "data"
    with pytest.raises(UsageError, match=r"begun with other arguments.*Changed: labels: data -> None"):
        sample(tmp_path / "bulk", **{**flags, "labels": "uniform"})


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"model_dir": "run", "label": "pug"}, "does not go together with --label=pug"),
        ({"export_dir": "export"}, "of data goes with --model_dir only"),
    ],
)
def test_labels_that_go_with_something_else(flags, message):
    with pytest.raises(UsageError, match=f"--labels {message}"):
        SampleConfig(output_dir="bulk", num_images=4, labels="data", **flags)


@pytest.mark.slow
def test_two_processes_write_what_one_writes(drawn, sample, tmp_path):
    manifest = sample(tmp_path / "bulk", workers=2)
    assert manifest == Manifest.load(drawn)
    assert shards(tmp_path / "bulk") == shards(drawn)


@pytest.mark.parametrize("size, count", [(1, 3), (33, 70), (1000, 70)])
def test_shards_of_another_size_hold_the_same_images(drawn, sample, read, tmp_path, size, count):
    sample(tmp_path / "bulk", shard_size=size, num_images=count)
    np.testing.assert_array_equal(read(tmp_path / "bulk"), read(drawn)[:count])


def test_an_export_that_draws_no_squares_is_refused(tmp_path, monkeypatch):
    card = {"image_shape": [8, 12, 3], "classes": []}
    monkeypatch.setattr(export_painter, "newest", Path)
    monkeypatch.setattr(export_painter, "LocalClient", lambda folder: SimpleNamespace(card=lambda: card))
    config = SampleConfig(export_dir="dogs", output_dir=str(tmp_path / "bulk"), num_images=4)
    with pytest.raises(UsageError, match=r"--export_dir must be of a model that draws squares, .* 8x12. Rec"):
        export_painter.ExportPainter(config)


@pytest.mark.slow
def test_an_export_draws_what_its_run_draws(breeds, sample, read, tmp_path):
    loaded = run.load(breeds)
    card = {"model": "mlp", "data": "nothing"}
    saved_model.export(loaded.gan, tmp_path / "export", classes=loaded.classes, card=card)
    sample(tmp_path / "bulk", export_dir=str(tmp_path / "export"), num_images=40)
    np.testing.assert_array_equal(read(tmp_path / "bulk"), loaded.gan.generate(40, seed=3))
    assert Manifest.load(tmp_path / "bulk").classes == loaded.classes
    sample(tmp_path / "pugs", export_dir=str(tmp_path / "export"), num_images=2, label="pug")
    np.testing.assert_array_equal(read(tmp_path / "pugs"), loaded.gan.generate(2, seed=3, labels=1))
    with pytest.raises(UsageError, match="--label must be one of the model's 3 classes"):
        sample(tmp_path / "no", export_dir=str(tmp_path / "export"), label="poodle")
    with pytest.raises(UsageError, match="--export_dir must be an export"):
        sample(tmp_path / "no", export_dir=str(tmp_path / "no_export"))
    assert not (tmp_path / "no").exists()


def test_missing_and_damaged_shards_are_drawn_again_and_no_others(drawn, sample, tmp_path):
    folder = tmp_path / "bulk"
    sample(folder)
    before = times(folder)
    sample(folder)  # complete: nothing is done
    assert times(folder) == before
    names = sorted(before)
    (folder / names[1]).unlink()
    (folder / names[2]).write_bytes((folder / names[2]).read_bytes()[:-9])
    damaged = bytearray((folder / names[3]).read_bytes())
    damaged[40] ^= 1  # same size, so that only the records' checksums tell; the manifest is gone with a kill
    (folder / names[3]).write_bytes(damaged)
    (folder / f".{names[1]}.0123.partial").write_bytes(b"half")
    sample(folder, workers=1)
    after = times(folder)
    assert {name for name in names if after[name] != before[name]} == set(names[1:4])
    assert shards(folder) == shards(drawn) and not list(folder.glob(".*"))


def test_a_shard_that_is_tried_again_is_the_same(plain, sample, tmp_path):
    config = SampleConfig(output_dir=str(tmp_path), num_images=40, model_dir=str(plain), shard_size=16)
    fingerprint = run_painter.RunPainter(config).fingerprint
    span = Span.cut(40, 16)[2]
    found = []
    for _ in range(2):  # two workers, of which the second comes late
        step = DrawShard(config, fingerprint=fingerprint)
        step.setup()
        found += step.process(span)
    (path,) = tmp_path.glob("*.tfrecord")
    before = path.read_bytes()
    path.unlink()
    found += step.process(span)
    assert found[0] == found[1] == found[2] and path.read_bytes() == before
    assert found[0].shard.records == 8 and [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_failure_leaves_whole_shards_and_one_line(drawn, sample, monkeypatch, tmp_path):
    write = ImageShard.write

    def fail(path, pictures):
        def few():
            for number, picture in enumerate(pictures):
                if number == 9 and "00003" in path.name:
                    raise TfdogsError("the sky fell down")
                yield picture

        return write(path, few())

    with monkeypatch.context() as patch:
        patch.setattr(ImageShard, "write", fail)
        with pytest.raises(TfdogsError, match=r"^a worker failed, .* with the rest: the sky fell down$"):
            sample(tmp_path)
    left = shards(tmp_path)
    assert left.items() < shards(drawn).items() and "train-00003-of-00005.tfrecord" not in left
    assert not (tmp_path / "dataset.json").exists() and not list(tmp_path.glob(".*"))
    sample(tmp_path)
    assert shards(tmp_path) == shards(drawn)


@pytest.mark.slow
def test_a_killed_command_is_gone_on_with(plain, sample, read, tmp_path):
    folder = tmp_path / "bulk"
    flags = {"num_images": 60_000, "shard_size": 256, "model_dir": plain, "output_dir": folder}
    command = [
        sys.executable,
        "-m",
        "pipeline.sample",
        *(f"--{name}={value}" for name, value in flags.items()),
    ]
    root = str(Path(__file__).resolve().parents[3])
    process = subprocess.Popen(command, cwd=root, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while len(shards(folder)) < 3 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = times(folder)
    assert len(before) >= 3 and not (folder / "dataset.json").exists()
    with pytest.raises(
        UsageError, match=r"Changed: num_images: 60000 -> 70; seed: 0 -> 3; shard_size: 256 -> 16"
    ):
        sample(folder)
    # As if fewer had been asked for: all the rest would take its time.
    told = json.loads((folder / "plan.json").read_text())
    (folder / "plan.json").write_text(json.dumps({**told, "num_images": 600}))
    for name in before:
        (folder / name).rename(folder / name.replace("-of-00235", "-of-00003"))
    whole = shards(folder)
    sample(folder, num_images=600, shard_size=256, seed=0)
    kept = set(before.values()) & set(times(folder).values())
    assert len(kept) >= 2 and shards(folder).items() >= dict(sorted(whole.items())[:2]).items()
    np.testing.assert_array_equal(read(folder), run.load(plain).gan.generate(600))


def test_other_work_is_refused(plain, breeds, drawn, sample, make_run, tmp_path):
    before = shards(drawn)
    for flags, changed in (
        ({"seed": 4}, "seed: 3 -> 4"),
        ({"truncation": 0.5}, "truncation: 0.0 -> 0.5"),
        ({"num_images": 71}, "num_images: 70 -> 71"),
        ({"model_dir": str(make_run(seed=7))}, "generator: "),
    ):
        with pytest.raises(UsageError, match=f"was begun with other arguments.*Changed: {changed}"):
            sample(drawn, **flags)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"--output_dir=.*full must be new.*It holds thesis.txt"):
        sample(tmp_path / "full")
    with pytest.raises(UsageError, match=r"cannot be made: .*thesis.txt is a file"):
        sample(tmp_path / "full/thesis.txt/bulk")
    assert shards(drawn) == before and (tmp_path / "full/thesis.txt").read_text() == "mine"


def test_a_run_that_changes_meanwhile_is_refused(plain, tmp_path):
    config = SampleConfig(output_dir=str(tmp_path), num_images=4, model_dir=str(plain))
    with pytest.raises(TfdogsError, match="is not what it was when the work began"):
        DrawShard(config, fingerprint="another").setup()
