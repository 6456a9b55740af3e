import csv
import os
import signal

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("apache_beam", reason="Apache Beam comes with the extra `pipeline`")
pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.components.example_gen import ExampleGen
from pipeline.components.transform import Transform
from pipeline.core.artifact import Artifact
from pipeline.core.contract import Parameter
from pipeline.examples import treatment
from pipeline.examples.raw_examples import RawExamples
from pipeline.examples.raw_source import RawSource
from pipeline.examples.treatment import treat_on_beam
from tfdogs.data.ingest import prepare
from tfdogs.data.manifest import Manifest
from tfdogs.data.prepare_config import PrepareConfig
from tfdogs.errors import TfdogsError

DEFAULTS = {name: spec.default for name, spec in ExampleGen.declared(Parameter).items() if not spec.required}
VOC = "<annotation><size><width>40</width><height>40</height></size>{}</annotation>"
BOX = "<object><bndbox><xmin>{}</xmin><ymin>4</ymin><xmax>{}</xmax><ymax>38</ymax></bndbox></object>"


@pytest.fixture
def pets(tmp_path):
    """30 pictures of noise of two classes with boxes, one broken, one twice, one annotation too many."""
    rng = np.random.default_rng(0)
    images, boxes = tmp_path / "images", tmp_path / "boxes"
    for number in range(30):
        path = images / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(path)
        note = boxes / path.parent.name / path.stem
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(VOC.format(BOX.format(2, 36) + BOX.format(1, 20) * (number % 5 == 0)))
    (images / "a/00.png").write_bytes(b"no picture")
    (images / "b/99.png").write_bytes((images / "b/01.png").read_bytes())
    (boxes / "b/99").write_text((boxes / "b/01").read_text())
    (boxes / "b/77").write_text((boxes / "b/01").read_text())
    return {"images": str(images), "annotations": str(boxes)}


def transform(tmp_path, source, *, name="", workers=1, prepare_config, **parameters):
    examples, data_dir = tmp_path / f"examples{name}", tmp_path / f"work{name}" / "data"
    examples.mkdir()
    data_dir.mkdir(parents=True)
    ExampleGen.execute(examples=examples, **{**DEFAULTS, **source, **parameters})
    artifact = Artifact("Examples", examples, RawExamples.load(examples).fingerprint)
    told = Transform.execute(
        examples=artifact,
        anomalies=None,
        transformed_examples=data_dir,
        config=prepare_config,
        workers=workers,
        beam_args="",
    )
    return told["transformed_examples"], data_dir


def rejects(data_dir):
    with (data_dir / "rejects.csv").open(encoding="utf-8") as file:
        return list(csv.reader(file))


def test_it_makes_the_data_dir_of_tfdogs_prepare(pets, tmp_path, capsys):
    flags = {"image_size": 24, "eval_fraction": 0.2, "seed": 3}
    (tmp_path / "images/notes.txt").write_text("x")
    (tmp_path / "images/.thumbs").mkdir()
    (tmp_path / "images/.thumbs/00.png").write_bytes(b"x")
    (tmp_path / "images/pug").mkdir()
    there = tmp_path / "prepared"
    expected = prepare(PrepareConfig(**pets, **flags, output_dir=str(there), workers=1))
    left_out = [
        line for line in capsys.readouterr().out.splitlines() if "left out" in line or "folders" in line
    ]
    assert len(left_out) == 3
    config = '{"image_size": 24, "eval_fraction": 0.2, "seed": 3}'
    told, data_dir = transform(tmp_path, pets, prepare_config=config, **flags, shard_size=7)
    assert set(left_out) <= set(capsys.readouterr().out.splitlines())
    made = Manifest.load(data_dir)
    assert made.fingerprint == expected.fingerprint and made.counts == expected.counts
    assert made.splits == expected.splits and rejects(data_dir) == rejects(there)
    assert {row[1] for row in rejects(data_dir)} >= {"unreadable", "exact_duplicate", "no_picture"}
    assert told == {
        "train_images": made.num_images("train"),
        "eval_images": made.num_images("eval"),
        "classes": 2,
        "rejected": made.counts["crops"]["rejected"],
    }
    assert sorted(path.name for path in data_dir.parent.iterdir()) == ["data"]


def test_two_processes_make_the_same(tmp_path):
    source, config = {"images": "paper_dogs:24"}, '{"image_size": 32}'
    made = [
        Manifest.load(
            transform(
                tmp_path, source, name=n, workers=n, prepare_config=config, image_size=32, shard_size=5
            )[1]
        )
        for n in (1, 2)
    ]
    assert made[0].fingerprint == made[1].fingerprint and made[0].counts == made[1].counts


def test_a_source_of_raw_examples_is_the_source_it_came_from(pets, tmp_path):
    transform(tmp_path, pets, prepare_config='{"image_size": 24}', image_size=24, shard_size=7)
    source = RawSource(tmp_path / "examples")
    items = list(source.items())
    assert len(source) == len(items) == 31 and len(source.groups()) == 5
    assert [item.name for item in items] == sorted(item.name for item in items)
    assert source.load(items[1])[:4] == b"\x89PNG" and list(source.orphans()) == ["b/77"]


def test_who_stops_early_leaves_nothing(pets, tmp_path):
    examples = tmp_path / "examples"
    examples.mkdir()
    ExampleGen.execute(examples=examples, **{**DEFAULTS, **pets, "shard_size": 3})
    source = RawSource(examples)
    config = PrepareConfig(**pets, image_size=24, output_dir="unused").resolve(source)
    outcomes = treat_on_beam(tmp_path / "work", workers=2, beam_args="")(source, config)
    assert next(outcomes)[0].name == next(source.items()).name
    outcomes.close()
    assert list((tmp_path / "work").iterdir()) == []


class Deadly(RawSource):
    """Its fifth picture kills who decodes it."""

    def load(self, item):
        if item.name == "a/08.png":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().load(item)


def test_a_picture_that_kills_its_worker_is_named(pets, tmp_path, capfd):
    examples = tmp_path / "examples"
    examples.mkdir()
    ExampleGen.execute(examples=examples, **{**DEFAULTS, **pets, "shard_size": 40})
    source = Deadly(examples)
    config = PrepareConfig(**pets, image_size=24, output_dir="unused").resolve(source)
    with pytest.raises(TfdogsError, match=r"^a worker failed: a worker .*; under way: a/08.png$"):
        list(treat_on_beam(tmp_path / "work", workers=2, beam_args="")(source, config))
    assert list((tmp_path / "work").iterdir()) == [] and "Traceback" not in capfd.readouterr().err


def test_what_no_worker_left_is_missed(pets, tmp_path, monkeypatch):
    examples = tmp_path / "examples"
    examples.mkdir()
    ExampleGen.execute(examples=examples, **{**DEFAULTS, **pets})
    source = RawSource(examples)
    config = PrepareConfig(**pets, image_size=24, output_dir="unused").resolve(source)
    monkeypatch.setattr(treatment, "_PATIENCE", 0)
    monkeypatch.setattr(treatment, "run", lambda *args, **kwargs: None)  # on machines of other folders
    with pytest.raises(TfdogsError, match=r"no worker has left .*: do all machines see that folder"):
        list(treat_on_beam(tmp_path / "work", workers=1, beam_args="")(source, config))
