import shlex
from types import SimpleNamespace

from tfdogs import cli
from tfdogs.sampling.config import GenerateConfig
from tfdogs.sampling.facts import Facts
from tfdogs.training.config import TrainConfig


def gather(**flags):
    gan = SimpleNamespace(
        image_shape=(28, 28, 1), num_classes=10, loss_function=SimpleNamespace(name="minimax")
    )
    run = SimpleNamespace(
        gan=gan, config=TrainConfig(data_dir="/home/me/mnist", model_dir="/x"), kimg=1234.5, classes=()
    )
    return Facts.gather(
        GenerateConfig(model_dir="/home/me/runs/digits", output="/tmp/out.html", **flags), run
    )


def test_facts_tell_the_run():
    facts = gather(truncation=0.7, label="3")
    assert "1,234,500 looks at the pictures of mnist" in facts.lede
    card = dict(facts.card)
    assert (
        card["Run"] == "digits"
        and card["Images seen"] == "1,234.5 kimg"
        and card["Image size"] == "28 by 28, grey"
    )
    assert (card["Classes"], card["Truncation"], card["Class"], card["Seeds"]) == ("10", "0.7", "3", "0-63")


def test_the_card_tells_truncation_and_class_only_if_there_are_any():
    assert not {"Truncation", "Class", "Average"} & set(dict(gather().card))
    assert dict(gather(ema_length=0.15).card)["Average"] == "power function, relative length 0.15"


def test_flags_are_those_that_decide_the_run():
    flags = dict(gather().flags)
    assert flags["--batch_size"] == "16"
    assert not {"--data_dir", "--model_dir", "--total_kimg", "--dry_run"} & set(flags)


def test_facts_have_no_path_beyond_its_own_name():
    assert not any("/" in text for pair in (*gather().card, *gather().flags) for text in pair)


def test_the_command_is_one_that_asks_for_the_same():
    for flags in (
        {"seed": 5, "num_images": 3},
        {"seeds": "1,4-6"},
        {"label": "big dog's", "truncation": 0.5},
        {"ema_length": 0.15},
    ):
        words = shlex.split(gather(**flags).command)
        assert words[:3] == ["python", "-m", "tfdogs.generate"]
        again = cli.parse(GenerateConfig, words[2:], summary="")
        asked = GenerateConfig(model_dir="digits", output="out.html", **flags)
        assert again.all_seeds == asked.all_seeds
        assert (again.label, again.truncation, again.output) == (asked.label, asked.truncation, asked.output)
        assert again.ema_length == asked.ema_length
