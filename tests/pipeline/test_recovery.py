"""What became of executions whose process, store or host is gone, and what a node asks before it begins."""

import multiprocessing
import os
import signal
import socket
import threading

import pytest

from pipeline.core.dag import Pipeline
from tfdogs.errors import TfdogsError

pytest.importorskip("ml_metadata", reason="ml-metadata comes with the extra `pipeline`")

from pipeline.core import fingerprints
from pipeline.metadata.store import Store
from pipeline.runner import Runner


@pytest.fixture
def build(toys):
    source, add, _ = toys

    def build(left=1, *, limit=1000):
        a = source(name="Left", value=left)
        total = add(left=a.outputs.number, limit=limit)
        last = add(name="Last", left=total.outputs.total)
        return Pipeline("sums", (a, total, add(name="End", left=last.outputs.total), last))

    return build


@pytest.fixture
def runner(store, tmp_path):
    return Runner(store, tmp_path / "root")


def states(store, run):
    return [(facts["node"], facts["state"], facts["reason"]) for facts in store.executions(run)]


def visible(root, node):
    return sorted(path.name for path in (root / node).glob("*"))


def test_what_the_world_outside_has_undone_is_done_again(runner, store, build, toys, monkeypatch):
    first = runner.run(build(), "first", {})
    asked = []

    def holds(cls, parameters, inputs, outputs):
        asked.append((parameters, inputs, outputs))
        return len(asked) > 1

    monkeypatch.setattr(toys[0], "holds", classmethod(holds))
    second = runner.run(build(), "second", {})
    runner.run(build(), "third", {})
    assert asked[0] == ({"value": 1, "workers": 1}, {}, first["Left"])
    assert asked[1][2] == second["Left"] != first["Left"]  # the newest counts
    assert [state for _, state, _ in states(store, "second")] == ["complete", "cached", "cached", "cached"]
    assert [state for _, state, _ in states(store, "third")] == ["cached"] * 4


def test_no_step_comes_after_a_refusal(runner, store, build, toys):
    """Neither a node that reads from the one that refused, nor any after that."""
    pipeline = build(limit=0)
    runner.run_node(pipeline, "steps", "Left", facts={})
    with pytest.raises(TfdogsError, match="Sum stopped the pipeline: 1 is over 0"):
        runner.run_node(pipeline, "steps", "Sum", facts={})
    for name in ("Last", "End"):
        with pytest.raises(TfdogsError, match="Sum stopped the pipeline: 1 is over 0"):
            runner.run_node(pipeline, "steps", name, facts={})
    assert toys[1].calls == [0] and store.runs()[0]["state"] == "failed"
    mended = build(limit=5)  # the same step passes: the last of a node's executions counts
    runner.run_node(mended, "steps", "Sum", facts={})
    runner.run_node(mended, "steps", "Last", facts={})


SPAWN = multiprocessing.get_context("spawn")


def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)


def killed(folder, pipeline, run, moment, step):
    store = Store(folder / "metadata.sqlite")
    if moment == "execute":
        type(pipeline.nodes[0]).execute = die
    else:
        store.finish = die  # the folder has its name, and the store has not heard of it
    runner = Runner(store, folder / "root")
    if step:
        runner.run_node(pipeline, run, "Left", facts={})
    runner.run(pipeline, run, {})


def kill(*args, step):
    process = SPAWN.Process(target=killed, args=(*args, step))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("moment", ["execute", "finish"])
def test_a_killed_step_is_buried_by_the_next_of_its_kind(build, tmp_path, moment):
    kill(tmp_path, build(), "steps", moment, step=True)
    store, root = Store(tmp_path / "metadata.sqlite"), tmp_path / "root"
    assert states(store, "steps") == [("Left", "running", "")]
    runner = Runner(store, root)
    runner.run(build(7), "other", {})  # of another fingerprint
    assert states(store, "steps") == [("Left", "running", "")]
    runner.run_node(build(), "steps", "Left", facts={})
    assert states(store, "steps") == [("Left", "failed", "killed"), ("Left", "complete", "")]
    known = sorted(str(e["id"]) for run in ("steps", "other") for e in store.executions(run)[-4:])
    assert set(visible(root, "Left")) <= set(known) and len(visible(root, "Left")) == 2


def test_what_runs_in_another_root_is_not_buried(runner, store, build, toys):
    node = build().nodes[0]
    store.begin_run("sums", "far", {"state": "running", "root": "/elsewhere"})
    fingerprint = fingerprints.of_execution(node, {})
    store.begin(node, fingerprint, {}, pipeline="sums", run="far", root="/elsewhere")
    runner.run(build(), "first", {})
    assert states(store, "far") == [("Left", "running", "")]


def broken(*args, **kwargs):
    raise TfdogsError("the server went away")


def still_broken(*args, **kwargs):
    raise TfdogsError("it is not back")


def test_what_the_store_did_not_hear_of_is_out_of_sight(runner, store, build, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "finish", broken)
    with pytest.raises(TfdogsError, match="went away"):
        runner.run(build(), "first", {})
    assert states(store, "first") == [("Left", "failed", "the server went away")]
    assert visible(tmp_path / "root", "Left") == []
    monkeypatch.undo()
    runner.run(build(), "second", {})
    assert len(visible(tmp_path / "root", "Left")) == 1


def test_a_store_that_is_gone_does_not_hide_why(runner, store, build, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(store, "finish", broken)
        for name in ("fail", "tell_run"):
            patch.setattr(store, name, still_broken)
        with pytest.raises(TfdogsError, match="went away"):
            runner.run(build(), "first", {})
    assert states(store, "first") == [("Left", "running", "")]
    runner.run(build(), "second", {})
    assert states(store, "first") == [("Left", "failed", "killed")]


def test_a_run_that_is_resumed_while_it_is_buried_goes_on(build, tmp_path):
    kill(tmp_path, build(), "killed", "execute", step=False)
    store = Store(tmp_path / "metadata.sqlite")
    failures = []

    def resume():
        try:
            Runner(Store(tmp_path / "metadata.sqlite"), tmp_path / "root").run(build(), "killed", {})
        except Exception as e:  # a thread of its own: the test has to hear of it
            failures.append(e)

    resumed = threading.Thread(target=resume)
    fail = store.fail

    def slowly(*args):
        fail(*args)
        if not resumed.is_alive():
            resumed.start()
            resumed.join(3)

    store.fail = slowly
    Runner(store, tmp_path / "root").run(build(7), "other", {})
    resumed.join()
    assert failures == []
    assert [facts["state"] for facts in store.runs()] == ["complete", "complete"]
    assert states(store, "killed")[0] == ("Left", "failed", "killed")


def test_only_runs_of_this_host_are_buried(runner, store, build, tmp_path):
    """Locks may not reach from one host to another."""
    facts = {"state": "running", "root": str(tmp_path / "root")}
    store.begin_run("sums", "far", {**facts, "host": "elsewhere"})
    store.begin_run("sums", "near", {**facts, "host": socket.gethostname()})
    store.begin_run("sums", "old", facts)  # before hosts were told
    runner.run(build(), "first", {})
    found = {facts["run"]: facts["state"] for facts in store.runs()}
    assert found == {"far": "running", "near": "failed", "old": "failed", "first": "complete"}
    assert store.runs()[-1]["host"] == socket.gethostname()


def test_folders_of_another_store_are_met_before_the_work(runner, build, toys, tmp_path):
    runner.run(build(), "first", {})
    before = sorted((tmp_path / "root").rglob("number.txt"))
    toys[0].calls.clear()
    (tmp_path / "metadata.sqlite").unlink()
    store = Store(tmp_path / "metadata.sqlite")
    with pytest.raises(TfdogsError) as caught:
        Runner(store, tmp_path / "root").run(build(), "first", {})
    assert str(caught.value).startswith(f"{tmp_path}/root/Left/1 is there already")
    assert "--root" in str(caught.value) and "\n" not in str(caught.value)
    assert toys[0].calls == [] and sorted((tmp_path / "root").rglob("number.txt")) == before
