"""What a run was begun with, and where its data lies, without TensorFlow."""

import dataclasses
import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tfdogs.data.manifest import Manifest
from tfdogs.errors import UsageError
from tfdogs.training import same_run
from tfdogs.training.config import TrainConfig
from tfdogs.training.data_card import DataCard, find_data, load_card


@pytest.fixture
def begin(tmp_path, paper_data):
    """Returns a maker of a run on a copy of the data, as training begins it, from flags."""

    def begin(data_dir="data", **flags):
        data = tmp_path / "data"
        if not data.exists():
            shutil.copytree(paper_data, data)
        run_dir = tmp_path / "runs/dogs"
        config = TrainConfig(data_dir=data_dir, model_dir=str(run_dir), precision="float32", **flags)
        card = DataCard.of(Manifest.load(data)).placed(data, run_dir)
        run_dir.mkdir(parents=True)
        (run_dir / "data.json").write_text(card.dump())
        (run_dir / same_run.CONFIG).write_text(config.resolve(card.image_size).dump())
        return config

    return begin


SCRIPT = """
    import sys
    from tfdogs import cli, train
    from tfdogs.training.config import TrainConfig

    try:
        cli.main(TrainConfig, train.run, summary="", argv=["train", *sys.argv[1:]])
    finally:
        assert "tensorflow" not in sys.modules
"""


def test_changed_flags_are_refused_before_tensorflow_is_imported(begin, tmp_path):
    config = begin(str(tmp_path / "data"))
    places = [f"--data_dir={config.data_dir}", f"--model_dir={config.model_dir}"]
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), *places, "--batch_size=8"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and f"--batch_size: {config.batch_size} -> 8" in done.stderr
    assert "AssertionError" not in done.stderr


def test_what_is_left_open_is_as_the_run_began(begin, tmp_path):
    chosen = {"eval_labels": "data", "updates": "alternating"}
    config = begin(str(tmp_path / "data"), model="biggan", conditional=True, **chosen)
    left_open = {"eval_labels": "", "updates": "auto", "precision": "auto"}
    same_run.check_early(dataclasses.replace(config, **left_open, total_kimg=9.0))
    with pytest.raises(UsageError, match=r"--precision: 'float32' -> 'mixed_bfloat16'"):
        same_run.check_early(dataclasses.replace(config, precision="mixed_bfloat16"))


def test_what_has_saved_nothing_may_be_deleted(begin, tmp_path):
    config = dataclasses.replace(begin(str(tmp_path / "data")), batch_size=8)
    with pytest.raises(UsageError, match=r"delete it if no .* has no checkpoint yet. Changed:\n.*batch_size"):
        same_run.check_early(config)
    Path(config.model_dir, "checkpoints/kimg000000.008").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"or choose another --model_dir. Changed:\n.*batch_size"):
        same_run.check_early(config)


def test_a_folder_that_is_no_run_is_refused_early(begin, tmp_path):
    config = begin(str(tmp_path / "data"))
    (Path(config.model_dir) / same_run.CONFIG).unlink()
    (Path(config.model_dir) / "thesis.txt").write_text("")
    with pytest.raises(UsageError, match="not a run"):
        same_run.check_early(config)


def test_a_relative_data_dir_is_found_from_elsewhere(begin, tmp_path, monkeypatch):
    run_dir = begin("data").model_dir
    monkeypatch.chdir(tmp_path)
    assert find_data(run_dir, "data") == Path("data")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert find_data(run_dir, "data") == tmp_path / "data"


def test_data_that_moved_with_its_run_is_found(begin, tmp_path, monkeypatch):
    begin("data")
    monkeypatch.chdir("/")
    (tmp_path / "moved").mkdir()
    for name in ("data", "runs"):
        (tmp_path / name).rename(tmp_path / "moved" / name)
    assert find_data(tmp_path / "moved/runs/dogs", "data") == tmp_path / "moved/data"


def test_data_that_is_gone_is_told_with_where_it_was_looked_for(begin, tmp_path, monkeypatch):
    run_dir = begin("data").model_dir
    shutil.rmtree(tmp_path / "data")
    monkeypatch.chdir(tmp_path / "runs")
    places = f"{tmp_path}/runs/data, {tmp_path}/data; give --data_dir"
    with pytest.raises(UsageError, match=f"looked for dataset.json in {places}$"):
        find_data(run_dir, "data")


def test_a_card_of_before_places_were_kept(begin, tmp_path):
    path = Path(begin("data").model_dir, "data.json")
    values = json.loads(path.read_text())
    assert len(values.pop("places")) == 2
    path.write_text(json.dumps(values))
    assert load_card(path.parent).places == () and load_card(path.parent) == DataCard.of(
        Manifest.load(tmp_path / "data")
    )
    with pytest.raises(UsageError, match="looked for"):
        find_data(path.parent, "nowhere")
