"""Commands over a store of toy artifacts: lineage, rollback, and what is refused."""

import subprocess
import sys

import pytest

from pipeline.report import graphviz
from pipeline.report.lineage_config import LineageConfig
from pipeline.run_config import RunConfig
from tfdogs import cli
from tfdogs.errors import UsageError

needs_dot = pytest.mark.skipif(not graphviz.installed(), reason="needs Graphviz's dot")


def parsed(**flags):
    legal = {"images": "paper_dogs:4", "root": "r", "push_dir": "p", **flags}
    return cli.parse(RunConfig, ["run", *(f"--{name}={value}" for name, value in legal.items())], summary="")


def test_components_flags_are_checked_before_anything_runs():
    config = parsed(train_flags="--total_kimg=5 --model=dcgan", prepare_flags="--crop=center", image_size=32)
    assert config.train_config().total_kimg == 5 and config.train_config().model == "dcgan"
    assert config.prepare_config().crop == "center" and config.prepare_config().image_size == 32


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"images": ""}, "--images must not be empty"),
        ({"pipeline_name": "a b"}, "--pipeline_name must be letters"),
        ({"run": "../x"}, "--run must be letters"),
        ({"train_flags": "--total_kimg=none"}, "--train_flags: .*total_kimg"),
        ({"train_flags": "--g_lr=5 --model=none"}, "--train_flags: --model must be one of"),
        ({"train_flags": "--data_dir=x"}, "--train_flags cannot set --data_dir"),
        ({"train_flags": "--nodry_run"}, "--train_flags cannot set --dry_run"),
        ({"prepare_flags": "--image_size=16"}, "--prepare_flags cannot set --image_size"),
        ({"prepare_flags": "--crop=round"}, "--prepare_flags: --crop must be one of"),
        ({"train_flagfile": "nowhere.flags"}, "--train_flags: .*nowhere.flags"),
        ({"train_flags": "'open"}, "--train_flags"),
        ({"max_fid": "-1"}, "--max_fid must be at least 0"),
        ({"worse_by": "nan"}, "--worse_by must be a finite number"),
        ({"schema": "s.pbtxt", "min_images": 7}, "--min_images does not go with --schema"),
        ({"schema": "s.pbtxt", "max_pixel_shift": 0.2}, "--max_pixel_shift does not go with --schema"),
        ({"train_flags": "--init_from=runs/a"}, r"--train_flags cannot set --init_from: .*tfdogs\.train"),
        ({"train_flags": "--strategy=multi_worker"}, r"--strategy=multi_worker: .*tfdogs\.train.*BUILD\.md"),
    ],
)
def test_illegal_flags_are_named(flags, says):
    with pytest.raises(UsageError, match=says):
        parsed(**flags)


@pytest.mark.parametrize(
    ("module", "flags", "says"),
    [
        ("run", [], "pipeline.run: --images is required"),
        ("step", ["--images=a", "--root=r", "--push_dir=p"], "pipeline.step: --node must be given"),
        ("lineage", ["Model"], "pipeline.lineage: --root must be given, or --metadata"),
        ("lineage", ["--root=nowhere", "Model"], "has no metadata: there is no file nowhere/metadata.sqlite"),
        (
            "rollback",
            ["--push_dir=nowhere"],
            "pipeline.rollback: no such folder. Received: --push_dir=nowhere",
        ),
        (
            "compile",
            ["--images=a", "--root=r", "--push_dir=p", "--output=x.json"],
            "pipeline.compile: --output must end in .yaml",
        ),
    ],
)
def test_a_line_says_what_is_wrong(module, flags, says):
    pytest.importorskip("ml_metadata", reason="ml-metadata comes with the extra `pipeline`")
    command = [sys.executable, "-m", f"pipeline.{module}", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1


@pytest.fixture
def total(store, toys, tmp_path):
    """A run of toys: the artifact `total` of a store in `tmp_path`."""
    from pipeline.core.dag import Pipeline
    from pipeline.runner import Runner

    source, add, _ = toys
    left = source(name="Left", value=1)
    node = add(left=left.outputs.number, name="Sum")
    made = Runner(store, tmp_path / "root").run(Pipeline("toys", (left, node)), "first", {})
    return made["Sum"]["total"]


def told(capsys, tmp_path, **flags):
    from pipeline.report.tell_lineage import tell

    config = LineageConfig(metadata=str(tmp_path / "metadata.sqlite"), **flags)
    tell(config)
    return capsys.readouterr().out


def test_lineage_is_found_by_number_folder_and_type(total, capsys, tmp_path):
    expected = told(capsys, tmp_path, artifact=str(total.id))
    assert f"Number {total.id}" in expected and "Sum" in expected and "Left" in expected
    assert "tfdogs 0." in expected and "value=1" in expected
    assert told(capsys, tmp_path, artifact=str(total.path)) == expected
    assert told(capsys, tmp_path, artifact=str(total.path / "number.txt")) == expected
    listed = told(capsys, tmp_path)
    assert listed.count("Number ") == 3 and str(total.path) in listed
    assert told(capsys, tmp_path, artifact="Number").startswith("Number 3")


@needs_dot
def test_lineage_is_drawn(total, capsys, tmp_path):
    for form in ("dot", "svg", "html"):
        path = tmp_path / f"lineage.{form}"
        told(capsys, tmp_path, artifact=str(total.id), output=str(path))
        text = path.read_text(encoding="utf-8")
        assert ("digraph" if form == "dot" else "<svg") in text and "Sum" in text
    with pytest.raises(UsageError, match="is there already"):
        told(capsys, tmp_path, artifact=str(total.id), output=str(path))


def test_without_graphviz_it_says_so(total, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(graphviz, "installed", lambda: False)
    with pytest.raises(UsageError, match="Graphviz"):
        told(capsys, tmp_path, artifact=str(total.id), output=str(tmp_path / "lineage.svg"))
    assert not (tmp_path / "lineage.svg").exists()


def test_what_is_not_there_is_named(total, capsys, tmp_path):
    with pytest.raises(
        UsageError, match=r"a type that is in the store \(Number\). Received: --artifact=Model"
    ):
        told(capsys, tmp_path, artifact="Model")
