"""The benchmark's own arithmetic: the distance that it knows beforehand, and the sides that it compares."""

import importlib
import sys
from pathlib import Path

import pytest

from tfdogs.metrics.frechet import frechet_distance

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def load(monkeypatch):
    """Imports a module of benchmarks/ as its scripts do: from their own folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module
    for name in ("frechet", "frechet_side", "train_step", "timing"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(("num_rows", "rel"), [(300, 1e-10), (20, 1e-5)])
def test_every_side_finds_the_distance_that_is_known(load, num_rows, rel):
    reals, fakes, exact = load("frechet").make_pair(num_rows, 40)
    assert reals.shape == fakes.shape == (num_rows, 40)
    assert 1 < exact < 50
    assert frechet_distance(reals, fakes) == pytest.approx(exact, rel=1e-10)
    sides = load("frechet_side")
    for make in (sides.tfdogs_side, sides.scipy_side, sides.tfgan_side):
        name, distance = make()
        assert distance(reals, fakes) == pytest.approx(exact, rel=rel), name
