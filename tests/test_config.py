"""Configurations: bounds, choices, flags, dump, load, diff."""

import dataclasses
import json

import pytest
from absl import flags

from tfdogs.config import Config, flag
from tfdogs.errors import UsageError


@dataclasses.dataclass(frozen=True)
class Recipe(Config):
    name: str = flag("What it is called.")
    size: int = flag("Height, in pixels.", default=64, lower=16, upper=128)
    rate: float = flag("Learning rate.", default=1e-4, lower=0.0)
    loss: str = flag("Loss.", default="hinge", choices=("hinge", "minimax"))
    flip: bool = flag("Mirror images.", default=True)
    steps: int = flag("How long.", default=10, run_control=True)


def parse(*args):
    values = flags.FlagValues()
    Recipe.define_flags(values)
    values(["recipe", *args])
    return Recipe.from_flags(values)


@pytest.mark.parametrize("size", [16, 64, 128])
def test_bounds_are_inclusive(size):
    assert Recipe(name="a", size=size).size == size


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": 15}, r"--size must be at least 16 and at most 128. Received: --size=15"),
        ({"size": 129}, r"--size must be .*Received: --size=129"),
        ({"rate": -1.0}, r"--rate must be at least 0.0. Received: --rate=-1.0"),
        ({"rate": float("nan")}, r"--rate must be a finite number. Received: --rate=nan"),
        ({"loss": "l1"}, r"--loss must be one of hinge, minimax. Received: --loss=l1"),
    ],
)
def test_illegal_values_are_refused_in_one_line(values, message):
    with pytest.raises(UsageError, match=message) as e:
        Recipe(name="a", **values)
    assert "\n" not in str(e.value)


def test_flags_give_the_fields_with_their_types():
    config = parse("--name=x", "--size=32", "--rate=0.5", "--noflip", "--loss=minimax")
    assert config == Recipe(name="x", size=32, rate=0.5, loss="minimax", flip=False)


def test_a_required_flag_is_asked_for():
    with pytest.raises(UsageError, match=r"--name is required: What it is called\."):
        parse("--size=32")


def test_help_names_choices_and_what_is_required():
    values = flags.FlagValues()
    Recipe.define_flags(values)
    assert "One of: hinge, minimax." in values["loss"].help
    assert values["name"].help.endswith("(required)")


def test_help_names_the_flag_that_goes_without_its_name():
    class Named(Recipe):
        POSITIONAL = "name"

    values = flags.FlagValues()
    Named.define_flags(values)
    assert values["name"].help.endswith("--name= may be left out.")
    assert "POSITIONAL" not in values and Named(name="a").to_dict() == Recipe(name="a").to_dict()


def test_configs_with_the_same_flags_live_side_by_side():
    assert parse("--name=x").size == parse("--name=y").size == 64


def test_load_gives_back_what_was_dumped(tmp_path):
    config = Recipe(name="Ünïcode", rate=0.1, flip=False)
    path = tmp_path / "config.json"
    path.write_text(config.dump(), encoding="utf-8")
    assert Recipe.load(path) == config
    assert json.loads(config.dump()) == config.to_dict()


@pytest.mark.parametrize("text", ["", "[1]", '{"name": "x", "colour": 1}', '{"size": 32}', "null"])
def test_load_refuses_foreign_files(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"config.json is not a Recipe"):
        Recipe.load(path)


def test_load_refuses_illegal_values_and_missing_files(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"name": "x", "size": 1}')
    with pytest.raises(UsageError, match="--size must be"):
        Recipe.load(path)
    with pytest.raises(UsageError, match="No such file"):
        Recipe.load(tmp_path / "none.json")


def test_diff_lists_what_changes_the_result_only():
    old, new = Recipe(name="a"), Recipe(name="a", size=32, steps=99)
    assert old.diff(new) == ["--size: 64 -> 32"]
    assert old.diff(dataclasses.replace(old, steps=1)) == []


def test_configurations_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Recipe(name="a").size = 32
