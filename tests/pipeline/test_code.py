"""Every module that a component's work goes through counts in its fingerprint."""

import ast
import functools
import importlib.metadata
import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline import definition
from pipeline.core.component import Component

COMPONENTS = [
    found
    for found in vars(definition).values()
    if isinstance(found, type) and issubclass(found, Component) and found is not Component
]
# How work is run, told and named: no result depends on it.
ASIDE = (
    "pipeline.beam",
    "pipeline.core",
    "pipeline.metadata",
    "pipeline.types",
    "tfdogs.aside",
    "tfdogs.cli",
    "tfdogs.config",
    "tfdogs.errors",
    "tfdogs.flagfile",
    "tfdogs.locks",
    "tfdogs.progress",
)

# Carried by the fingerprints of what it reads: Pusher copies it as it is.
CARRIED = {"Pusher": ("pipeline.models", "tfdogs")}


def covered(name, packages):
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@functools.cache
def imported(name):
    """Returns the modules of ours that a module names, in functions too."""
    spec = importlib.util.find_spec(name)
    found = set()
    for node in ast.walk(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(name for name in found if covered(name, ("tfdogs", "pipeline")) and module(name))


def module(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def reached(name):
    known, new = set(), {name}
    while new:
        known |= new
        new = {other for one in new for other in imported(one) if not covered(other, ASIDE)} - known
    return known - {"tfdogs", "pipeline"}


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_all_that_is_imported_counts(component):
    counted = (component.__module__, *component.code, *CARRIED.get(component.__name__, ()))
    missing = sorted(name for name in reached(component.__module__) if not covered(name, counted))
    assert missing == []


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_what_is_named_is_there(component):
    for name in component.code:
        assert module(name), name
    for name in component.libraries:
        assert importlib.metadata.version(name)


def test_there_are_nine():
    assert len(COMPONENTS) == 9
