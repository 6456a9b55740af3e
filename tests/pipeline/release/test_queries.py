import contextlib

import pytest

pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")
pytest.importorskip("ml_metadata", reason="ml-metadata comes with the extra `pipeline`")

from pipeline import types
from pipeline.core import fingerprints
from pipeline.core.component import Component
from pipeline.core.contract import REFUSAL, ArtifactType, Channel, Input, Output, Parameter
from pipeline.core.dag import Pipeline
from pipeline.release.queries import last_blessed_model
from pipeline.runner import Runner
from tfdogs.errors import TfdogsError

MODEL = ArtifactType(types.MODEL.name, fingerprints.of_folder)  # of any files


class Train(Component):
    """A model that is a word."""

    model = Output(MODEL)
    word = Parameter(str)

    @classmethod
    def execute(cls, *, model, word):
        (model / "word").write_text(word)


class Judge(Component):
    """Blesses what is not bad."""

    model = Input(MODEL)
    baseline = Input(MODEL, optional=True)
    blessing = Output(types.BLESSING)

    @classmethod
    def execute(cls, *, model, baseline, blessing):
        return {"blessing": {"blessed": "bad" not in (model.path / "word").read_text()}}


class Serve(Component):
    """Blesses what is not broken, and fails at what is slow."""

    model = Input(MODEL)
    infra_blessing = Output(types.INFRA_BLESSING)

    @classmethod
    def execute(cls, *, model, infra_blessing):
        word = (model.path / "word").read_text()
        if "slow" in word:
            raise TfdogsError("slow")
        broken = "broken" in word
        return {"infra_blessing": {"blessed": not broken, **({REFUSAL: "broken"} if broken else {})}}


@pytest.fixture
def compare(store, tmp_path):
    """Returns a function that runs a pipeline on a word: with which one it was compared."""
    numbers = iter(range(100))

    def compare(word):
        train = Train(word=word)
        baseline = Channel(MODEL, query=last_blessed_model)
        judge = Judge(model=train.outputs.model, baseline=baseline)
        run = f"run {next(numbers)}"
        with contextlib.suppress(TfdogsError):
            pipeline = Pipeline("dogs", (train, judge, Serve(model=train.outputs.model)))
            Runner(store, tmp_path / "root").run(pipeline, run, {})
        (facts,) = (facts for facts in store.executions(run) if facts["node"] == "Judge")
        found = facts["inputs"].get("baseline")
        return found and (found.path / "word").read_text()

    return compare


def test_it_is_the_newest_other_model_with_both_blessings(compare):
    assert compare("one") is None
    assert compare("two") == "one"
    assert compare("broken") == "two"
    assert compare("bad") == "two"
    assert compare("slow") == "two"
    assert compare("three") == "two"
    assert compare("three") == "two"
    assert compare("four") == "three"
