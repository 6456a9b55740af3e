import dataclasses
import importlib.metadata
import sys

import pytest

from pipeline.core import fingerprints
from pipeline.core.artifact import Artifact
from pipeline.core.contract import Channel


@pytest.fixture
def add(toys):
    return lambda **bindings: toys[1](left=Channel(toys[2]), right=Channel(toys[2]), **bindings)


@pytest.fixture
def number(tmp_path):
    return Artifact("Number", tmp_path, "f" * 32)


def test_inputs_and_parameters_count(add, number):
    of = fingerprints.of_execution
    other = dataclasses.replace(number, fingerprint="e" * 32)
    digests = {
        of(add(), {"left": number, "right": number}),
        of(add(), {"left": number, "right": other}),
        of(add(), {"left": other, "right": number}),
        of(add(), {"left": number, "right": None}),
        of(add(limit=2), {"left": number, "right": number}),
    }
    assert len(digests) == 5


def test_names_places_and_properties_do_not(add, number, tmp_path):
    of = fingerprints.of_execution
    moved = dataclasses.replace(number, path=tmp_path / "elsewhere", id=7, properties={"kimg": 3})
    both = {"left": number, "right": number}
    assert of(add(), both) == of(add(name="other"), {"left": moved, "right": moved})


def test_the_source_of_a_component_counts(add, number, tmp_path, monkeypatch):
    package = tmp_path / "recipes"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "steps.py").write_text("STEPS = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    node, both = add(), {"left": number, "right": number}
    monkeypatch.setattr(type(node), "code", ("recipes",))
    digests = set()
    for text in ("STEPS = 1\n", "STEPS = 2\n", "STEPS = 1\n"):
        (package / "steps.py").write_text(text)
        fingerprints.of_source.cache_clear()
        digests.add(fingerprints.of_execution(node, both))
        (package / "__pycache__").mkdir(exist_ok=True)
        (package / f"__pycache__/{len(text)}{len(digests)}.pyc").write_text("byte code does not count")
    assert len(digests) == 2
    sys.modules.pop("recipes", None)


def test_the_versions_of_libraries_count(add, number, monkeypatch):
    node, both = add(), {"left": number, "right": number}
    versions = {"tensorflow": "2.0"}

    def version(name):
        if name not in versions:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(importlib.metadata, "version", version)
    digests = [fingerprints.of_execution(node, both)]
    monkeypatch.setattr(type(node), "libraries", ("tensorflow", "jax"))
    digests.append(fingerprints.of_execution(node, both))
    for name, number_of in (("tensorflow", "2.1"), ("jax", "0.1"), ("numpy", "9")):
        versions[name] = number_of
        digests.append(fingerprints.of_execution(node, both))
    assert len(set(digests)) == 4 and digests[-1] == digests[-2]


def test_a_folder_is_its_names_and_bytes(tmp_path):
    def digest(files):
        for name, text in files.items():
            path = tmp_path / str(len(seen)) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return fingerprints.of_folder(tmp_path / str(len(seen)))

    seen = []
    for files in (
        {"a": "1", "b": "2"},
        {"a": "12", "b": ""},
        {"ab": "12"},
        {"a": "2", "b": "1"},
        {"c/a": "1"},
    ):
        seen.append(digest(files))
    assert len(set(seen)) == len(seen)
    seen.append(digest({"b": "2", "a": "1"}))
    assert seen[-1] == seen[0]
