"""From flags to a run: what is checked first, what the store is told, with what a run goes on."""

import json

import pytest

pytest.importorskip("ml_metadata", reason="ml-metadata comes with the extra `pipeline`")
pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline import execute
from pipeline.core.dag import Pipeline
from pipeline.kubeflow.step_config import StepConfig
from pipeline.run_config import RunConfig
from pipeline.runner import Runner
from tfdogs.errors import TfdogsError, UsageError

CLUSTER = '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'


@pytest.fixture
def configure(tmp_path):
    def configure(kind=RunConfig, **flags):
        places = {"root": str(tmp_path / "root"), "push_dir": str(tmp_path / "served")}
        return kind(**{"images": "paper_dogs:4", **places, **flags})

    return configure


@pytest.fixture
def sums(store, toys, monkeypatch):
    """Returns a function (value): lets the flags mean a pipeline of toys, which fails at 13."""
    monkeypatch.setattr(execute, "open_store", lambda config: store)

    def sums(value):
        source, add, _ = toys
        left = source(name="Left", value=value)
        pipeline = Pipeline("dogs", (left, add(left=left.outputs.number)))
        monkeypatch.setattr(execute, "define", lambda config: pipeline)

    return sums


def fail(config, says):
    with pytest.raises(TfdogsError, match=says) as caught:
        execute.run_pipeline(config)
    return str(caught.value)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"schema": "nowhere.pbtxt"}, "--schema must be a TFDV schema.*nowhere.pbtxt"),
        ({"schema": "FILE"}, "--schema must be a TFDV schema"),
        ({"push_dir": "FILE/dogs"}, "^--push_dir=.* cannot be used: .* is not a folder"),
        ({"beam_args": "--direct_num_workers=many"}, "--beam_args=--direct_num_workers=many"),
    ],
)
def test_what_would_fail_later_fails_before_a_run_begins(configure, tmp_path, flags, says):
    (tmp_path / "FILE").write_text("feature { nam: 1 }")
    flags = {name: value.replace("FILE", str(tmp_path / "FILE")) for name, value in flags.items()}
    with pytest.raises(UsageError, match=says):
        execute.run_pipeline(configure(**flags))
    assert not (tmp_path / "root").exists()


def test_a_push_dir_that_may_not_be_written_to(configure, tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    says = f"--push_dir={tmp_path}/served cannot be used: {tmp_path} may not be written to"
    with pytest.raises(UsageError, match=says):
        execute.run_pipeline(configure())


def test_several_machines_are_refused_at_once(configure, tmp_path, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", CLUSTER)
    step = configure(StepConfig, node="Trainer", run="a")
    for work in (lambda: execute.run_pipeline(configure()), lambda: execute.run_step(step)):
        with pytest.raises(UsageError, match=r"TF_CONFIG names several workers: .*tfdogs\.train.*BUILD\.md"):
            work()
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize("step", [False, True])
def test_no_password_is_kept_and_resume_finds_its_run(configure, sums, store, tmp_path, step):
    secret = {"metadata": "mysql://me:se%40cret@db:3306/dogs"}
    if step:
        sums(1)
        execute.run_step(configure(StepConfig, node="Left", run="first", **secret))
    else:
        sums(13)
        fail(configure(run="first", **secret), "bad luck")
    page = (tmp_path / "root/runs/first/pipeline_report.html").read_text(encoding="utf-8")
    (facts,) = store.runs()
    assert "mysql://me:...@db:3306/dogs" in facts["flags"] and "mysql://me:...@db:3306/dogs" in page
    assert "cret" not in page and all("cret" not in str(value) for value in facts.values())
    if not step:
        sums(1)
        execute.run_pipeline(configure(resume=True, **secret))
        assert store.runs()[0]["state"] == "complete"


def test_runs_of_steps_go_on_by_steps(configure, sums, store):
    sums(1)
    execute.run_step(configure(StepConfig, node="Left", run="steps"))
    for flags in ({}, {"run": "steps"}):
        assert "\n" not in fail(configure(resume=True, **flags), "that is not complete; .* pipeline.step")
    sums(13)
    fail(configure(run="whole"), "bad luck")
    execute.run_step(configure(StepConfig, node="Left", run="later"))
    sums(1)
    execute.run_step(configure(StepConfig, node="Left", run="whole"))
    execute.run_pipeline(configure(resume=True))  # the last that is not a step's
    assert [facts["state"] for facts in store.runs()] == ["running", "complete", "running"]


def test_flags_of_another_version_are_a_line(configure, sums, store):
    sums(13)
    fail(configure(run="first"), "bad luck")
    flags = {**configure().to_dict(), "gone": 1}
    for told in (json.dumps(flags), "no JSON", json.dumps({**flags, "gone": None, "image_size": 1})):
        store.tell_run("first", {"flags": told})
        assert "\n" not in fail(configure(resume=True), "run first was begun with flags that cannot be read")


def test_what_a_flagfile_says_counts_and_not_its_name(configure, sums, tmp_path):
    sums(13)
    (tmp_path / "train.flags").write_text("--total_kimg=5\n")
    fail(configure(run="first", train_flagfile=str(tmp_path / "train.flags")), "bad luck")
    (tmp_path / "train.flags").write_text("--total_kimg=6\n")
    changed = configure(resume=True, train_flagfile=str(tmp_path / "train.flags"))
    fail(changed, r"begun with other flags.*\n  --train_flags: --total_kimg: 5.0 -> 6.0$")
    (tmp_path / "train.flags").unlink()
    sums(1)
    execute.run_pipeline(configure(resume=True, train_flags="--total_kimg=5"))


def test_a_run_of_before_is_compared_by_the_text_of_its_flags(configure, sums, store):
    sums(13)
    store.begin_run("dogs", "old", {"state": "failed", "root": "x", "flags": configure().dump()})
    fail(configure(resume=True, train_flags="--total_kimg=5"), "--train_flags: '' -> '--total_kimg=5'")


def no_report(*args, path):
    raise ValueError("two\nlines")


def test_a_report_that_cannot_be_written_fails_nothing_and_hides_nothing(
    configure, sums, store, capsys, monkeypatch
):
    monkeypatch.setattr(execute, "write_report", no_report)
    sums(1)
    execute.run_step(configure(StepConfig, node="Left", run="steps"))
    assert capsys.readouterr().err.endswith("pipeline_report.html could not be written: two lines\n")
    execute.run_pipeline(configure(run="first"))
    sums(13)
    fail(configure(run="second"), "bad luck")
    assert [facts["state"] for facts in store.runs()] == ["running", "complete", "failed"]


def test_what_has_not_begun_has_no_report(configure, sums, capsys, monkeypatch, tmp_path):
    def broken(*args, facts):
        raise TfdogsError("the store is away")

    sums(1)
    monkeypatch.setattr(Runner, "run_node", broken)
    with pytest.raises(TfdogsError, match="the store is away"):
        execute.run_step(configure(StepConfig, node="Left", run="steps"))
    assert capsys.readouterr().err == "" and not (tmp_path / "root/runs").exists()


def test_a_run_of_before_some_flags_could_leave_a_choice_open_resumes(configure, sums, store):
    sums(13)
    fail(configure(run="first"), "bad luck")
    train = json.loads(store.runs()[0]["train"])
    for name in (
        "eval_labels",
        "init_from",
        "freeze_d",
        "balance_classes",
        "skip_excitation",
        "self_modulation",
        "reconstruction",
    ):
        del train[name]
    old = {**train, "precision": "float32", "sheet_columns": 8, "attention": 32}  # 32 is biggan's and sagan's
    store.tell_run("first", {"train": json.dumps(old)})
    fail(
        configure(resume=True, train_flags="--precision=mixed_bfloat16"), "--precision: 'float32' -> 'mixed_"
    )
    sums(1)
    execute.run_pipeline(configure(resume=True))
    assert store.runs()[0]["state"] == "complete"
