"""The pictures of docs/gans_explained.md are there, and its commands are legal."""

import importlib
import re
import shlex
from pathlib import Path

import pytest

from tfdogs import cli

PAGE = Path(__file__).resolve().parents[2] / "docs/gans_explained.md"
TEXT = PAGE.read_text(encoding="utf-8")
PICTURES = set(re.findall(r"\]\((images/[^)]+)", TEXT))
COMMANDS = re.findall(r"^ {4}python -m (tfdogs\.\w+) ((?:.*\\\n)*.*)$", TEXT, flags=re.M)
CONFIGS = {
    "tfdogs.prepare": ("tfdogs.data.prepare_config", "PrepareConfig"),
    "tfdogs.train": ("tfdogs.training.config", "TrainConfig"),
}


def test_pictures_are_there_and_small():
    assert {f"images/{path.name}" for path in PAGE.parent.glob("images/gans_*.png")} == PICTURES
    assert max((PAGE.parent / picture).stat().st_size for picture in PICTURES) < 150_000


@pytest.mark.parametrize(("module", "flags"), COMMANDS)
def test_commands_are_legal(module, flags):
    home, name = CONFIGS[module]
    config_class = getattr(importlib.import_module(home), name)
    argv = [module, *shlex.split(flags.replace("\\\n", " "))]
    assert cli.parse(config_class, argv, summary="") is not None


def test_there_are_commands():
    assert {module for module, _ in COMMANDS} == set(CONFIGS)


def test_overfitting_runs(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.S)
    short = block.replace("KIMG, FEW, MANY = 40, 50, 2000", "KIMG, FEW, MANY = 0.1, 50, 100")
    assert short != block
    exec(compile(short, PAGE.name, "exec"), {})
    names = [line.partition(" {")[0] for line in capsys.readouterr().out.splitlines()]
    assert names == ["50 pictures", "100 pictures", "50 pictures, DiffAugment"]
    assert (tmp_path / "overfitting.png").is_file()
