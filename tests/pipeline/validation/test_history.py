import contextlib
import shutil

import pytest

pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")
pytest.importorskip("ml_metadata", reason="ml-metadata comes with the extra `pipeline`")

from pipeline import types
from pipeline.components.example_gen import ExampleGen
from pipeline.components.example_validator import ExampleValidator
from pipeline.components.schema_gen import SchemaGen
from pipeline.components.statistics_gen import StatisticsGen
from pipeline.core.component import Component
from pipeline.core.contract import Channel, Input, Output, Parameter
from pipeline.core.dag import Pipeline
from pipeline.runner import Runner
from pipeline.validation import schema as schemas
from pipeline.validation.history import last_schema, last_valid_statistics
from pipeline.validation.statistics import Statistics
from tfdogs.errors import TfdogsError

PREVIOUS = Channel(types.STATISTICS, query=last_valid_statistics)


class Told(Component):
    """Statistics that are one number."""

    statistics = Output(types.STATISTICS)
    value = Parameter(int)

    @classmethod
    def execute(cls, *, statistics, value):
        Statistics({}, True, str(value)).save(statistics)


class Verdict(Component):
    """Refuses more than 9."""

    statistics = Input(types.STATISTICS)
    previous = Input(types.STATISTICS, optional=True)
    anomalies = Output(types.ANOMALIES)

    @classmethod
    def execute(cls, *, statistics, previous, anomalies):
        told = Statistics.load(statistics.path).digest
        return {"anomalies": {"refusal": "too much"}} if int(told) > 9 else None


@pytest.fixture
def compare(store, tmp_path):
    """Returns a function that runs a pipeline on a number: with which it was compared, and the state."""
    numbers = iter(range(100))

    def compare(value, pipeline="dogs"):
        told = Told(value=value)
        nodes = (told, Verdict(statistics=told.outputs.statistics, previous=PREVIOUS))
        run = f"run {next(numbers)}"
        with contextlib.suppress(TfdogsError):
            Runner(store, tmp_path / "root").run(Pipeline(pipeline, nodes), run, {})
        facts = store.executions(run)[-1]
        previous = facts["inputs"].get("previous")
        return previous and int(Statistics.load(previous.path).digest), facts["state"]

    return compare


def test_it_is_the_newest_other_data_set_that_passed(compare):
    assert compare(1) == (None, "complete")
    assert compare(1) == (None, "cached")
    assert compare(2) == (1, "complete")
    assert compare(2) == (1, "cached")
    assert compare(10) == (2, "complete")
    assert compare(10) == (2, "cached")
    assert compare(3) == (2, "complete")  # 10 was refused
    assert compare(1) == (3, "complete")
    assert compare(3) == (1, "complete")


def test_another_pipeline_has_a_history_of_its_own(compare):
    assert compare(1) == (None, "complete")
    assert compare(2, "cats") == (None, "complete")
    assert compare(3, "cats") == (2, "complete")


def test_what_is_gone_is_no_reference(compare, tmp_path):
    compare(1)
    shutil.rmtree(tmp_path / "root/Told")
    assert compare(2) == (None, "complete")


def build(images, **asked):
    gen = ExampleGen(images=str(images), eval_fraction=0.2)
    statistics = StatisticsGen(examples=gen.outputs.examples)
    schema = SchemaGen(
        statistics=statistics.outputs.statistics,
        previous=Channel(types.SCHEMA, query=last_schema),
        pipeline="dogs",
        **asked,
    )
    validator = ExampleValidator(
        statistics=statistics.outputs.statistics, schema=schema.outputs.schema, previous=PREVIOUS
    )
    return Pipeline("dogs", (gen, statistics, schema, validator))


def test_a_poisoned_data_set_stops_a_run_and_is_never_the_reference(kennel, store, tmp_path):
    runner = Runner(store, tmp_path / "root")
    clean = kennel()
    poisoned = kennel(lambda n, breed, data: (breed, data if n % 3 else b"broken"))

    def run(name, images):
        runner.run(build(images), name, {})
        return {facts["node"]: facts for facts in store.executions(name)}

    first = run("first", clean)
    assert {facts["state"] for facts in run("again", clean).values()} == {"cached"}
    for name in ("poisoned", "poisoned again"):
        with pytest.raises(
            TfdogsError, match=r"ExampleValidator stopped the pipeline: .* unreadable; at most"
        ):
            run(name, poisoned)
    assert [facts["state"] for facts in store.executions("poisoned again")] == ["cached"] * 4
    later = run("later", kennel(start=9))
    assert later["SchemaGen"]["state"] == "cached" and later["ExampleValidator"]["state"] == "complete"
    reference = later["ExampleValidator"]["inputs"]["previous"]
    assert reference == first["StatisticsGen"]["outputs"]["statistics"]


@pytest.fixture
def run(store, tmp_path):
    """Returns a function that runs the pipeline on images: facts by node, and why it stopped or ""."""
    runner = Runner(store, tmp_path / "root")
    numbers = iter(range(100))

    def run(images, **asked):
        name, why = f"run {next(numbers)}", ""
        try:
            runner.run(build(images, **asked), name, {})
        except TfdogsError as e:
            why = str(e)
        return {facts["node"]: facts for facts in store.executions(name)}, why

    return run


def without(breed):
    return lambda number, name, data: None if name == breed else (name, data)


def test_another_threshold_forgets_no_class(kennel, drawings, run, monkeypatch):
    lost = drawings[1][0]
    clean, poisoned = kennel(), kennel(without(lost))
    first, _ = run(clean, min_images=90)
    assert "previous" not in first["SchemaGen"]["inputs"]
    missing = f"no pictures of {lost}; 2 classes, at least 3 are expected"
    _, why = run(poisoned, min_images=90)
    assert missing in why and "at least 90 are expected" in why

    later, why = run(poisoned, min_images=40)
    assert later["SchemaGen"]["state"] == "complete"
    assert later["SchemaGen"]["inputs"]["previous"] == first["SchemaGen"]["outputs"]["schema"]
    assert missing in why and "at least 40" not in why and "at least 90" not in why

    again, why = run(poisoned, min_images=40)
    assert {facts["state"] for facts in again.values()} == {"cached"} and missing in why
    assert again["SchemaGen"]["outputs"] == later["SchemaGen"]["outputs"]
    assert run(clean, min_images=40)[1] == ""

    monkeypatch.setattr(SchemaGen, "code", ())  # as if it had changed
    newer, why = run(poisoned, min_images=40)
    assert newer["SchemaGen"]["state"] == "complete" and missing in why


def test_a_schema_that_was_imported_is_not_kept_to(kennel, run, tmp_path):
    """It is a flag, and without the flag the pipeline has its own."""
    wolves = kennel(lambda n, breed, data: ("wolf" if n % 3 == 0 else breed, data))
    first, _ = run(kennel())
    path = first["SchemaGen"]["outputs"]["schema"].path / schemas.FILE_NAME
    mine = schemas.load(path)
    (classes,) = (feature for feature in mine.feature if feature.name == "class")
    classes.string_domain.value.append("wolf")
    schemas.save(mine, tmp_path / "mine.pbtxt")
    facts, why = run(wolves, schema_file=str(tmp_path / "mine.pbtxt"), max_class_shift=0.0)
    assert facts["SchemaGen"]["state"] == "complete" and "not in the schema" not in why
    for min_images in (50, 49):
        assert "class not in the schema: wolf" in run(wolves, min_images=min_images)[1]


def test_where_a_schema_was_only_imported_it_is_kept_to(kennel, describe, expect, drawings, run):
    mine = expect(describe(kennel(), quick=True)).path / schemas.FILE_NAME
    poisoned = kennel(without(drawings[1][0]))
    assert "at least 3 are expected" in run(poisoned, schema_file=str(mine))[1]
    assert "at least 3 are expected" in run(poisoned)[1]
