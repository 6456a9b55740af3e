"""The whole pipeline on paper dogs: what is run again, what is stopped, what is refused."""

import dataclasses
import shutil

import pytest
from PIL import Image

pytest.importorskip("apache_beam", reason="Apache Beam comes with the extra `pipeline`")
pytest.importorskip("ml_metadata", reason="ml-metadata comes with the extra `pipeline`")
pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.components import evaluator
from pipeline.execute import open_store, run_pipeline
from pipeline.release.pushed_versions import notes, roll_back
from pipeline.run_config import RunConfig
from tfdogs.data.sources.open import open_source
from tfdogs.errors import TfdogsError, UsageError

TRAIN = (
    "--latent_dim=6 --g_channels=2 --d_channels=2 --batch_size=4 --total_kimg=0.016 --r1_interval=4 "
    "--augment= --log_kimg=0.008 --checkpoint_kimg=0.008 --sheet_columns=2"
)
DATA = ["ExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "Transform"]
MODEL = ["Trainer", "Evaluator", "InfraValidator", "Pusher"]


@pytest.fixture
def config(make_extractor, tmp_path, monkeypatch):
    """The configuration of a pipeline over 80 small paper dogs in folders of their breeds."""
    colours = make_extractor()
    monkeypatch.setattr(evaluator.extractors, "get", lambda name: colours)
    source = open_source("paper_dogs:80", annotations="", image_size=28, seed=0)
    for item in source.items():
        path = tmp_path / "dogs" / item.class_name / f"{item.name.replace('/', '_')}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        source.load(item).save(path)
    return RunConfig(
        images=str(tmp_path / "dogs"),
        root=str(tmp_path / "root"),
        push_dir=str(tmp_path / "served"),
        image_size=28,
        eval_fraction=0.2,
        prepare_flags="--checks=basic --crop=center",
        train_flags=TRAIN,
        num_images=60,
        worse_by=1000.0,
        allow_alarms=True,
    )


def states(config):
    """Returns the last run's nodes by state."""
    store = open_store(config)
    run = store.runs(config.pipeline_name)[-1]["run"]
    found = {}
    for execution in store.executions(run):
        found.setdefault(execution["state"], []).append(execution["node"])
    return {state: sorted(nodes) for state, nodes in found.items()}


def fail(config):
    """Runs a pipeline that must fail; returns why it did."""
    with pytest.raises(TfdogsError) as caught:
        run_pipeline(config)
    return str(caught.value)


def test_what_ran_before_is_not_run_again(config, tmp_path):
    report = run_pipeline(config)
    assert states(config) == {"complete": sorted(DATA + MODEL)}
    assert (tmp_path / "served/1/saved_model.pb").is_file()
    page = report.read_text(encoding="utf-8")
    assert all(node in page for node in DATA + MODEL) and "A model is served." in page

    run_pipeline(config)
    assert states(config) == {"cached": sorted(DATA + MODEL)}

    other = dataclasses.replace(config, train_flags=f"{TRAIN} --seed=1")
    run_pipeline(other)
    assert states(config) == {"cached": sorted(DATA), "complete": sorted(MODEL)}
    assert (tmp_path / "served/2").is_dir()

    run_pipeline(other)  # the model before it is the baseline now, and was before
    assert states(config) == {"cached": sorted(DATA + MODEL)}

    path = next(iter(sorted((tmp_path / "dogs").rglob("*.png"))))
    Image.open(path).transpose(Image.Transpose.FLIP_LEFT_RIGHT).rotate(30).save(path)
    run_pipeline(other)
    assert states(config) == {"cached": ["SchemaGen"], "complete": sorted({*DATA, *MODEL} - {"SchemaGen"})}


def test_the_model_that_was_asked_for_is_served_or_a_person_has_decided(config, tmp_path):
    served = tmp_path / "served"
    run_pipeline(config)
    (first,) = notes(served).values()
    shutil.rmtree(served)
    run_pipeline(config)
    assert states(config) == {"cached": sorted({*DATA, *MODEL} - {"Pusher"}), "complete": ["Pusher"]}
    assert notes(served) == {1: first}

    other = dataclasses.replace(config, train_flags=f"{TRAIN} --seed=1")
    run_pipeline(other)
    again = dataclasses.replace(config, train_flags=f"{TRAIN} --log_kimg=0.004")
    run_pipeline(again)  # which trains nothing; the other model is the one to be compared with now
    compared = ["Evaluator", "Pusher"]
    assert states(config) == {"cached": sorted({*DATA, *MODEL} - {*compared}), "complete": compared}
    assert notes(served)[3]["fingerprint"] == first["fingerprint"]

    assert roll_back(served) == (2, 4)
    run_pipeline(dataclasses.replace(again, keep=2))
    assert states(config) == {"cached": sorted(DATA + MODEL)} and max(notes(served)) == 4


def test_pictures_that_are_none_stop_it(config, tmp_path):
    for path in sorted((tmp_path / "dogs").rglob("*.png"))[::3]:
        Image.new("RGB", (28, 28), (128, 128, 128)).save(path)
    config = dataclasses.replace(config, min_photographs=0.9)
    said = fail(config)
    assert said.startswith("ExampleValidator stopped the pipeline") and "Trainer" not in str(states(config))
    (run,) = open_store(config).runs()
    page = (tmp_path / "root/runs" / run["run"] / "pipeline_report.html").read_text(encoding="utf-8")
    assert "No model was pushed." in page and 'role="alert"' in page


def test_a_worse_model_is_not_served(config, tmp_path):
    run_pipeline(config)
    said = fail(dataclasses.replace(config, train_flags=f"{TRAIN} --g_lr=0.9", worse_by=0.0))
    assert "Pusher refuses Model" in said and "last blessed model" in said
    assert states(config) == {
        "cached": sorted(DATA),
        "complete": ["Evaluator", "InfraValidator", "Trainer"],
        "failed": ["Pusher"],
    }
    assert [path.name for path in (tmp_path / "served").iterdir() if path.name.isdigit()] == ["1"]


def test_a_run_has_its_flags(config):
    fail(dataclasses.replace(config, images=config.images + "/none", run="first"))
    with pytest.raises(UsageError, match="--run is there already"):
        run_pipeline(dataclasses.replace(config, run="first"))
    with pytest.raises(UsageError, match=r"run first was begun with other flags(.|\n)*--images"):
        run_pipeline(dataclasses.replace(config, resume=True))
    with pytest.raises(UsageError, match="--resume: dogs has no run second that is not complete"):
        run_pipeline(dataclasses.replace(config, run="second", resume=True))
