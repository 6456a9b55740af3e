"""Every recipe parses into a legal configuration, and its networks train for a step."""

from pathlib import Path

import pytest

from tfdogs import cli
from tfdogs.training.config import TrainConfig

RECIPES = sorted((Path(__file__).resolve().parents[1] / "configs").glob("*.flags"))


def parse(recipe, *flags):
    argv = ["train.py", f"--flagfile={recipe}", "--data_dir=data", "--model_dir=run", *flags]
    return cli.parse(TrainConfig, argv, summary="")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.stem)
def test_recipe_parses_and_says_what_it_is(recipe):
    assert parse(recipe).total_kimg > 0
    first = recipe.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(f"# {recipe.stem}: ")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.stem)
def test_recipe_dry_runs(recipe, paper_data, tmp_path, capsys):
    from tfdogs.training.run import train

    flags = [f"--data_dir={paper_data}", f"--model_dir={tmp_path / 'run'}", "--dry_run", "--batch_size=4"]
    train(parse(recipe, *flags, "--g_channels=2", "--d_channels=2"))
    assert "ETA:" in capsys.readouterr().out
