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
from pipeline.validation.history import last_valid_statistics
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


def build(images):
    gen = ExampleGen(images=str(images), eval_fraction=0.2)
    statistics = StatisticsGen(examples=gen.outputs.examples)
    schema = SchemaGen(statistics=statistics.outputs.statistics, pipeline="dogs")
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
