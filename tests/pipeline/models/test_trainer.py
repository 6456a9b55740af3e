import dataclasses
import json

import pytest

pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.components.trainer import RUNNING, Trainer
from pipeline.core import fingerprints
from pipeline.core.artifact import Artifact
from pipeline.definition import define
from pipeline.run_config import RunConfig
from tfdogs.training.config import TrainConfig


@pytest.fixture
def trainer(tmp_path):
    """Returns a function from --train_flags to the node, and to its execution's fingerprint."""

    def trainer(flags):
        config = RunConfig(
            images=str(tmp_path), root=str(tmp_path), push_dir=str(tmp_path / "served"), train_flags=flags
        )
        (node,) = (node for node in define(config).nodes if isinstance(node, Trainer))
        examples = Artifact("TransformedExamples", tmp_path, "e")
        return node, fingerprints.of_execution(node, {"transformed_examples": examples})

    return trainer


@pytest.mark.parametrize(
    "flags",
    [
        "--log_kimg=0.5",
        "--sheet_kimg=3",
        "--sheet_columns=4",
        "--checkpoint_kimg=7",
        "--keep_checkpoints=9",
        "--cache_dir=/elsewhere",
    ],
)
def test_what_changes_no_weight_trains_nothing_again(trainer, flags):
    assert trainer(f"--total_kimg=5 {flags}")[1] == trainer("--total_kimg=5")[1]


@pytest.mark.parametrize(
    "flags",
    [
        "--total_kimg=6",
        "--g_lr=0.003",
        "--max_wall_seconds=60",
        "--eval_kimg=1",
        "--eval_kimg=1 --early_stop=3",
        "--steps_per_execution=2",
    ],
)
def test_all_else_trains_anew(trainer, flags):
    assert trainer(f"--total_kimg=5 {flags}")[1] != trainer("--total_kimg=5")[1]


def test_every_flag_reaches_it(trainer):
    node, _ = trainer("--log_kimg=0.5 --sheet_columns=4 --g_lr=0.001")
    config, running = (json.loads(node.parameters[name]) for name in ("config", "running"))
    assert set(running) == set(RUNNING) and running["log_kimg"] == 0.5 and config["g_lr"] == 0.001
    fields = {field.name: field for field in dataclasses.fields(TrainConfig)}
    assert {*config, *running} == set(fields) - {"data_dir", "model_dir", "dry_run", "aug_preview"}
    assert not set(config) & set(running)
    assert all(fields[name].metadata["run_control"] for name in RUNNING)


def test_it_trains_with_both(make_config, paper_data, tmp_path):
    told = make_config(total_kimg=0.008).to_dict()
    running = {name: told.pop(name) for name in RUNNING} | {"sheet_columns": 3}
    folders = {name: tmp_path / name for name in ("model_run", "model")}
    for folder in folders.values():
        folder.mkdir()
    examples = Artifact("TransformedExamples", paper_data, "e")
    texts = {"config": json.dumps(told), "running": json.dumps(running)}
    Trainer.execute(transformed_examples=examples, **folders, **texts)
    written = TrainConfig.load(tmp_path / "model_run/config.json")
    assert written.sheet_columns == 3 and written.data_dir == str(paper_data)
    assert (tmp_path / "model/1/saved_model.pb").is_file()
