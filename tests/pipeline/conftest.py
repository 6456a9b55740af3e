"""Toy components: they count how often they are executed."""

from typing import ClassVar

import pytest

from pipeline.core import fingerprints
from pipeline.core.component import Component
from pipeline.core.contract import ArtifactType, Input, Output, Parameter
from tfdogs.errors import TfdogsError

NUMBER = ArtifactType("Number", fingerprints.of_folder)


class Source(Component):
    """Makes a number."""

    number = Output(NUMBER)
    value = Parameter(int)
    workers = Parameter(int, default=1, counts=False)

    calls: ClassVar[list] = []

    @classmethod
    def execute(cls, *, number, value, workers):
        cls.calls.append(value)
        (number / "number.txt").write_text(str(value))
        return {"number": {"value": value, "half": value / 2, "name": f"n{value}", "odd": value % 2 == 1}}


class Sum(Component):
    """Adds numbers; refuses above a limit and fails at 13."""

    left = Input(NUMBER)
    right = Input(NUMBER, optional=True)
    total = Output(NUMBER)
    notes = Output(NUMBER)
    limit = Parameter(int, default=1000)

    calls: ClassVar[list] = []

    @classmethod
    def execute(cls, *, left, right, total, notes, limit):
        cls.calls.append(limit)
        value = sum(int((artifact.path / "number.txt").read_text()) for artifact in (left, right) if artifact)
        (notes / "notes.txt").write_text("half written")
        if value == 13:
            raise TfdogsError("13 brings bad luck")
        (notes / "notes.txt").write_text(f"{value} in all")
        (total / "number.txt").write_text(str(value))
        return {"notes": {"refusal": f"{value} is over {limit}"}} if value > limit else None


@pytest.fixture(autouse=True)
def forgotten():
    Source.calls.clear()
    Sum.calls.clear()


@pytest.fixture
def toys():
    return Source, Sum, NUMBER


@pytest.fixture
def store(tmp_path):
    pytest.importorskip("ml_metadata", reason="ml-metadata comes with the extra `pipeline`")
    from pipeline.metadata.store import Store

    return Store(tmp_path / "metadata.sqlite")
