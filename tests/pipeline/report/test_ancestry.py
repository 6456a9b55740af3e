import pytest

from pipeline.core.dag import Pipeline
from pipeline.report import ancestry


@pytest.fixture
def made(store, toys, tmp_path):
    """Left (1) and Right (2) are added, and Left once more."""
    from pipeline.runner import Runner

    source, add, _ = toys
    left, right = source(name="Left", value=1), source(name="Right", value=2)
    once = add(name="Once", left=left.outputs.number, right=right.outputs.number)
    twice = add(name="Twice", left=once.outputs.total, right=left.outputs.number)
    return Runner(store, tmp_path / "root").run(Pipeline("sums", (twice, once, right, left)), "run", {})


def test_ancestors_are_what_an_artifact_was_made_from(store, made):
    found = ancestry.trace(store, made["Twice"]["total"])
    assert found.maker["node"] == "Twice" and list(found.parents) == ["left", "right"]
    assert found.parents["left"].artifact == made["Once"]["total"]
    assert found.parents["right"] is found.parents["left"].parents["left"]  # one artifact, asked for once
    first = found.parents["right"]
    assert first.artifact == made["Left"]["number"] and first.parents == {}
    assert made["Once"]["notes"] not in [parent.artifact for parent in found.parents.values()]


def test_the_tree_names_every_artifact_once(store, made):
    lines = ancestry.tree(ancestry.trace(store, made["Twice"]["total"]))
    total, left = made["Twice"]["total"], made["Left"]["number"]
    assert lines[0] == f"Number {total.id}  {total.fingerprint[:12]}  {total.path}"
    assert lines[1].startswith("└─ Twice ") and lines[1].endswith("  limit=1000")
    assert sum(str(left.path) in line for line in lines) == 1
    assert lines[-1].endswith(f"right: Number {left.id} (above)")
    assert any("value=1  half=0.5  odd=true  name=n1" in line for line in lines)
    assert any("Right" in line and "value=2  workers=1" in line for line in lines)


def test_long_values_are_shortened_and_stay_on_their_line():
    assert ancestry._pairs({"flags": "--a=1\n" * 40, "none": ""}).startswith("flags=--a=1 --a=1")
    assert len(ancestry._pairs({"flags": "x" * 400})) == len("flags=") + ancestry.SHOWN
    assert ancestry._pairs({"flags": "x" * 400}, full=True) == "flags=" + "x" * 400


def test_the_graph_has_every_node_and_edge_once(store, made):
    text = ancestry.dot(ancestry.trace(store, made["Twice"]["total"]))
    lines = text.splitlines()
    assert lines[0] == "digraph lineage {" and lines[-1] == "}" and len(set(lines)) == len(lines)
    assert sum("shape=ellipse" in line for line in lines) == 4  # two numbers and two sums
    assert sum("shape=box" in line for line in lines) == 4
    assert sum("->" in line for line in lines) == 4 + 4  # what each execution read, and what it made
    assert 'label="Twice ' in text and '[label="right"]' in text


def test_an_artifact_that_nobody_made_stands_alone(store, tmp_path):
    from pipeline.core.artifact import Artifact

    found = ancestry.trace(store, Artifact("Number", tmp_path, "f" * 32, id=7))
    assert found.maker is None
    assert ancestry.tree(found) == [f"Number 7  ffffffffffff  {tmp_path}"]
    assert "->" not in ancestry.dot(found)
