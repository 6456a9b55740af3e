"""Every recipe parses into a legal configuration, and its networks train for a step."""

import re
from pathlib import Path

import pytest

from tfdogs import augment, cli
from tfdogs.training.config import TrainConfig

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / "configs"
PIPELINE = CONFIGS / "pipeline.flags"  # of pipeline.run; all others are tfdogs.train's
RECIPES = sorted(set(CONFIGS.glob("*.flags")) - {PIPELINE})
# For a GPU, which was not at hand: they say that nobody has tried them, and have nothing measured, nor a
# version for two cores, on which pictures of 256 px come to nothing in an hour.
UNTRIED = [r for r in RECIPES if r.stem.endswith("256")]
TRIED = [r for r in RECIPES if r not in UNTRIED]
CPU_SIZED = sorted((CONFIGS / "cpu").glob("*.flags"))


def name(recipe):
    return recipe.relative_to(CONFIGS).with_suffix("").as_posix()


def parse(recipe, *flags):
    files = [recipe] if recipe in RECIPES else [CONFIGS / recipe.name, recipe]
    argv = [*(f"--flagfile={file}" for file in files), "--data_dir=data", "--model_dir=run", *flags]
    return cli.parse(TrainConfig, ["train.py", *argv], summary="")


@pytest.mark.parametrize("recipe", [*RECIPES, *CPU_SIZED], ids=name)
def test_recipe_parses_and_says_what_it_is(recipe):
    assert parse(recipe).total_kimg > 0
    text = recipe.read_text(encoding="utf-8")
    cpu = " on two CPU cores: " if recipe in CPU_SIZED else ": "
    assert text.startswith(f"# {recipe.stem}{cpu}")
    assert f"--flagfile=configs/{name(recipe)}.flags" in text  # the command


@pytest.mark.parametrize("recipe", [r for r in TRIED if r.name != "demo.flags"], ids=name)
def test_recipe_says_where_its_measured_numbers_are(recipe):
    text = recipe.read_text(encoding="utf-8")
    assert "\n# Data: " in text and "\n# Time: " in text and "\n# Score: " in text
    assert "see docs/results.md" in text or f"see configs/cpu/{recipe.name}" in text


@pytest.mark.parametrize("recipe", RECIPES, ids=name)
def test_a_recipe_that_nobody_has_tried_says_so(recipe):
    text = recipe.read_text(encoding="utf-8")
    said = ". Untried on a GPU: nobody has run" in text
    assert said == ("\n# Score:      not run\n" in text) == (recipe in UNTRIED)
    if said:
        assert "\n# Data: " in text and "\n# Time:       not run; --dry_run tells" in text
        assert "--image_size=256" in text


def test_the_recipes_of_256_px_have_the_papers_networks():
    given = {r.stem.removesuffix("_dogs256"): parse(r) for r in UNTRIED}
    assert set(given) == {"biggan", "dcgan", "r3gan", "stylegan2_ada"}
    assert given["stylegan2_ada"].g_channels * 256 == 32768 // 2
    assert given["r3gan"].d_channels * 8 == 768 and given["r3gan"].penalty_end * given["r3gan"].r1 == 15
    assert given["biggan"].latent_dim == 7 * 20 and given["biggan"].attention == 64


@pytest.mark.parametrize("recipe", CPU_SIZED, ids=name)
def test_a_version_for_two_cores_carries_what_was_measured(recipe):
    text = recipe.read_text(encoding="utf-8")
    assert re.search(r"^# Time:  .* kimg in [\d.]+ minutes, median [\d,]+ img/s \(.+\)$", text, re.M)
    assert re.search(
        r"^# Score: .*FID \(EfficientNet-Lite0\) [\d.]+ ± [\d.]+, .*2,000 images; see docs/", text, re.M
    )


def test_every_recipe_has_a_version_for_two_cores():
    assert {r.name for r in CPU_SIZED} == {r.name for r in TRIED} - {"demo.flags"}


def test_the_pipelines_flags_parse():
    from pipeline.run_config import RunConfig

    config = cli.parse(RunConfig, ["run", f"--flagfile={PIPELINE}", "--images=dogs.tar"], summary="")
    assert config.train_config().total_kimg == 80 and config.prepare_config().image_size == 32


def test_the_best_recipe_is_the_default():
    """But for the time limit, and the augmentation, which the default chooses by the number of images."""
    best, default = parse(CONFIGS / "cpu/dcgan_dogs64.flags"), TrainConfig(data_dir="data", model_dir="run")
    changed = {name for name, value in best.to_dict().items() if value != default.to_dict()[name]}
    assert changed == {"augment", "max_wall_seconds"}
    assert default.augment == "auto" and augment.default_policy(10_300)[0] == best.augment


def test_every_recipe_that_is_spoken_of_is_there():
    places = ("tfdogs/**/*.py", "*.md", "docs/*.md", "notebooks/*.ipynb", "configs/**/*.flags")
    spoken_of = {
        (path.relative_to(ROOT).as_posix(), recipe)
        for place in places
        for path in ROOT.glob(place)
        for recipe in re.findall(r"\bconfigs/[\w/.-]+\.flags", path.read_text(encoding="utf-8"))
        if "NAME" not in recipe
    }
    assert "tfdogs/classify.py" in {path for path, _ in spoken_of}
    assert {(path, recipe) for path, recipe in spoken_of if not (ROOT / recipe).is_file()} == set()


# A version for two cores is a recipe and what is laid over it: it runs both. The recipes alone take minutes.
ALONE = [pytest.param(r, marks=[] if r.name == "demo.flags" else pytest.mark.slow) for r in RECIPES]


@pytest.mark.parametrize("recipe", [*ALONE, *CPU_SIZED], ids=name)
def test_recipe_dry_runs(recipe, paper_data, tmp_path, capsys):
    from tfdogs.training.run import train

    given = parse(recipe)
    small = ["--g_channels=2", "--d_channels=2", "--batch_size=4", "--steps_per_execution=1"]
    small += [f"--{option}=1" for option in ("blocks", "mapping_layers") if option in given.network_options]
    small += [f"--d_steps={min(given.d_steps, 2)}"]
    train(parse(recipe, f"--data_dir={paper_data}", f"--model_dir={tmp_path / 'run'}", "--dry_run", *small))
    assert "ETA:" in capsys.readouterr().out
