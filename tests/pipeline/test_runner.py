import multiprocessing
import os
import signal

import pytest

from pipeline.core.dag import Pipeline
from tfdogs.errors import TfdogsError
from tfdogs.locks import held

pytest.importorskip("ml_metadata", reason="ml-metadata comes with the extra `pipeline`")

from pipeline.metadata.store import Store
from pipeline.runner import Runner


@pytest.fixture
def build(toys):
    source, add, _ = toys

    def build(left=1, right=2, *, limit=1000, workers=1):
        a = source(name="Left", value=left, workers=workers)
        b = source(name="Right", value=right)
        total = add(left=a.outputs.number, right=b.outputs.number, limit=limit)
        return Pipeline("sums", (total, b, a))

    return build


@pytest.fixture
def runner(store, tmp_path):
    return Runner(store, tmp_path / "root")


def states(store, run):
    return {facts["node"]: facts["state"] for facts in store.executions(run)}


def calls(toys):
    return len(toys[0].calls), len(toys[1].calls)


def test_artifacts_are_where_the_store_says(runner, store, build, tmp_path):
    made = runner.run(build(), "first", {"who": "me"})
    total = made["Sum"]["total"]
    assert (total.path / "number.txt").read_text() == "3"
    assert store.artifact(total.id) == total
    assert total.path.parent.parent == tmp_path / "root/Sum"
    assert made["Left"]["number"].properties == {"value": 1, "half": 0.5, "name": "n1", "odd": True}
    assert states(store, "first") == dict.fromkeys(("Left", "Right", "Sum"), "complete")
    (facts,) = store.runs("sums")
    assert facts["run"] == "first" and facts["state"] == "complete" and facts["who"] == "me"


def test_what_is_there_is_not_made_again(runner, store, build, toys):
    first = runner.run(build(), "first", {})
    second = runner.run(build(), "second", {})
    assert calls(toys) == (2, 1)
    assert second == first
    assert states(store, "second") == dict.fromkeys(("Left", "Right", "Sum"), "cached")


def test_another_parameter_runs_its_node_and_what_follows(runner, store, build, toys):
    runner.run(build(), "first", {})
    runner.run(build(right=5), "second", {})
    assert states(store, "second") == {"Left": "cached", "Right": "complete", "Sum": "complete"}
    runner.run(build(right=5, limit=50), "third", {})
    assert states(store, "third") == {"Left": "cached", "Right": "cached", "Sum": "complete"}


def test_a_parameter_that_does_not_count_runs_nothing(runner, store, build):
    runner.run(build(), "first", {})
    runner.run(build(workers=4), "second", {})
    assert set(states(store, "second").values()) == {"cached"}


def test_equal_results_stop_the_wave(runner, store, build, toys, monkeypatch):
    """A node that is executed again with an equal result lets those after it be found again."""
    runner.run(build(), "first", {})
    monkeypatch.setattr(toys[0], "code", ("tfdogs.errors",))  # as if its source had changed
    runner.run(build(), "second", {})
    assert states(store, "second") == {"Left": "complete", "Right": "complete", "Sum": "cached"}


def test_a_lost_folder_is_made_again(runner, store, build):
    made = runner.run(build(), "first", {})
    folder = made["Left"]["number"].path
    (folder / "number.txt").unlink()
    folder.rmdir()
    runner.run(build(), "second", {})
    assert states(store, "second") == {"Left": "complete", "Right": "cached", "Sum": "cached"}


def test_a_failure_publishes_nothing_and_keeps_what_was_complete(runner, store, build, tmp_path):
    with pytest.raises(TfdogsError, match="13 brings bad luck"):
        runner.run(build(6, 7), "first", {})
    assert states(store, "first") == {"Left": "complete", "Right": "complete", "Sum": "failed"}
    assert store.executions("first")[-1]["reason"] == "13 brings bad luck"
    assert store.runs()[0]["state"] == "failed" and "bad luck" in store.runs()[0]["reason"]
    assert not (tmp_path / "root/Sum").exists()


def test_a_refusal_is_kept_and_stops_the_run_each_time(runner, store, build, toys):
    for run in ("first", "second"):
        with pytest.raises(TfdogsError, match="Sum stopped the pipeline: 3 is over 2"):
            runner.run(build(limit=2), run, {})
    assert calls(toys) == (2, 1)
    assert states(store, "second")["Sum"] == "cached" and store.runs()[1]["state"] == "failed"
    notes = store.executions("first")[-1]["outputs"]["notes"]
    assert (notes.path / "notes.txt").read_text() == "3 in all"


def test_a_run_has_one_process(runner, build, tmp_path):
    with (
        held(tmp_path / "root/.work/run-first.lock"),
        pytest.raises(TfdogsError, match="run first is in use by process"),
    ):
        runner.run(build(), "first", {})


SPAWN = multiprocessing.get_context("spawn")


def in_a_process(target, *args):
    """Runs a function in a process of its own; returns its exit code."""
    process = SPAWN.Process(target=target, args=args)
    process.start()
    process.join()
    return process.exitcode


def kill_at(folder, pipeline, moment):
    """Runs a pipeline and kills its own process, as kill -9 does, at the n-th of the moments that matter."""
    passed = []

    def maybe(function):
        def wrapped(*args, **kwargs):
            passed.append(function)
            if len(passed) == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return wrapped

    store = Store(folder / "metadata.sqlite")
    for node in {type(node) for node in pipeline.nodes}:
        node.execute = maybe(node.execute)
    store.finish = maybe(store.finish)  # the folder has its name, and the store has not heard of it
    store.reuse = maybe(store.reuse)
    Runner(store, folder / "root").run(pipeline, "run", {})
    os._exit(17)


@pytest.mark.parametrize("moment", range(1, 8))
def test_a_killed_run_goes_on_and_ends_as_an_undisturbed_one(build, tmp_path, moment, toys):
    undisturbed = Runner(Store(tmp_path / "other.sqlite"), tmp_path / "other").run(build(), "run", {})
    code = in_a_process(kill_at, tmp_path, build(), moment)
    assert code == (17 if moment == 7 else -signal.SIGKILL)  # there are six moments

    store = Store(tmp_path / "metadata.sqlite")
    before = states(store, "run")
    assert list(before.values()).count("running") == (moment < 7)
    made = Runner(store, tmp_path / "root").run(build(), "run", {})

    def prints(artifacts):
        return {(node, key): a.fingerprint for node, some in artifacts.items() for key, a in some.items()}

    assert prints(made) == prints(undisturbed)
    found = [facts["state"] for facts in store.executions("run")]
    assert "running" not in found and found.count("failed") == (moment < 7)
    assert {facts["reason"] for facts in store.executions("run") if facts["state"] == "failed"} <= {"killed"}
    places = {str(a.path.parent) for some in made.values() for a in some.values()}
    left = {str(path) for path in (tmp_path / "root").glob("*/*") if ".work" not in path.parts}
    assert left == places  # nothing half-written is in sight
    assert not [path for path in (tmp_path / "root/.work").iterdir() if path.is_dir()]


def run_sums(folder, pipelines, run):
    for number, pipeline in enumerate(pipelines):
        Runner(Store(folder / "metadata.sqlite"), folder / "root").run(pipeline, f"{run}-{number}", {})


def test_several_at_once_on_one_store(build, tmp_path):
    pipelines = [build(right=right) for right in range(4)]
    crew = [SPAWN.Process(target=run_sums, args=(tmp_path, pipelines, f"run{n}")) for n in range(3)]
    for process in crew:
        process.start()
    for process in crew:
        process.join()
    assert [process.exitcode for process in crew] == [0, 0, 0]
    store = Store(tmp_path / "metadata.sqlite")
    told = [facts for run in store.runs() for facts in store.executions(run["run"])]
    assert len(told) == 3 * 4 * 3
    made = [facts for facts in told if facts["state"] == "complete"]
    assert len(made) == len({facts["fingerprint"] for facts in made}) == 1 + 4 + 4 - 1  # Right is once a Left


def test_nodes_can_run_one_by_one(runner, store, build, toys):
    """As the steps of an orchestrator do, each in a process of its own."""
    pipeline = build()
    with pytest.raises(TfdogsError, match="Sum comes after Left, Right, which run first has not got yet"):
        runner.run_node(pipeline, "first", "Sum", facts={})
    for name in ("Left", "Right"):
        runner.run_node(pipeline, "first", name, facts={})
        assert store.runs()[0]["state"] == "running"
    made = runner.run_node(pipeline, "first", "Sum", facts={})
    assert (made["total"].path / "number.txt").read_text() == "3"
    assert store.runs()[0]["state"] == "complete" and calls(toys) == (2, 1)
    runner.run(pipeline, "second", {})
    assert set(states(store, "second").values()) == {"cached"}


def test_a_running_step_is_not_taken_for_killed(runner, store, build):
    runner.run_node(build(), "steps", "Left", facts={})
    runner.run(build(), "whole", {})
    assert [facts["state"] for facts in store.runs()] == ["running", "complete"]


def test_a_step_that_fails_fails_its_run(runner, store, build):
    for name in ("Left", "Right"):
        runner.run_node(build(6, 7), "first", name, facts={})
    with pytest.raises(TfdogsError, match="13 brings bad luck"):
        runner.run_node(build(6, 7), "first", "Sum", facts={})
    assert store.runs()[0]["state"] == "failed" and "bad luck" in store.runs()[0]["reason"]
