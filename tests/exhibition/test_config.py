import pytest

from tfdogs.errors import UsageError
from tfdogs.exhibition.config import MAX_IMAGES, GalleryConfig
from tfdogs.sampling.seeds import MAX_SEED


def config(**flags):
    return GalleryConfig(**{"output_dir": "out", "model_dir": "run", **flags})


def images(**flags):
    return config(model_dir="", images="dogs", **flags)


def test_a_run_draws_78_from_the_seed_on():
    assert str(config(seed=5).all_seeds) == "5-82" and config().hung == 78
    assert str(config(num_images=3).all_seeds) == "0-2"


def test_candidates_are_drawn_only_to_choose_from():
    assert config(curate="discriminator").all_seeds.count == 1000
    assert config(curate="dog_score", candidates=90, num_images=12).hung == 12


def test_images_hang_all_unless_a_number_is_given_or_a_network_chooses():
    assert images().hung is None and images(num_images=9).hung == 9
    assert images(curate="dog_score").hung == 78 and images(pick="4,2").hung is None


def test_picked_seeds_keep_their_order():
    assert str(config(pick="9,1-3").all_seeds) == "9,1-3"


def test_run_dirs_and_dropped():
    assert config(runs="a, b/c").run_dirs == ("a", "b/c") and config().run_dirs == ()
    assert config(drop="1,4-5").dropped.count == 3 and config().dropped.count == 0


@pytest.mark.parametrize(
    "flags, said",
    [
        ({"output_dir": " "}, "--output_dir must not be empty"),
        ({"images": "dogs"}, "exactly one of --model_dir and --images"),
        ({"model_dir": ""}, "exactly one of --model_dir and --images"),
        ({"num_images": MAX_IMAGES + 1}, "--num_images must be at least 0 and at most 10000"),
        ({"curate": "me"}, "--curate must be one of none, discriminator, dog_score"),
        ({"candidates": 77, "curate": "dog_score"}, "--candidates must be at least the 78 images"),
        ({"candidates": 5}, "--candidates goes with --curate and --model_dir only"),
        ({"pick": "1", "num_images": 2}, "--pick takes the place of --num_images"),
        ({"pick": "1", "curate": "dog_score"}, "--pick is a choice by hand"),
        ({"pick": "1-3,2"}, "--pick must name every image once"),
        ({"pick": "one"}, "--pick must be seeds and ranges"),
        ({"pick": f"0-{MAX_IMAGES}"}, "--pick must be at most 10,000"),
        ({"drop": "3-1"}, "--drop must be seeds up to"),
        ({"seed": MAX_SEED}, "--seed must leave room"),
        ({"quiz": 5}, "--quiz must be an even number"),
        ({"quiz": 0, "reals": "dogs"}, "--reals are for the sheet"),
        ({"ema_length": 0.01}, "--ema_length must be 0, or from 0.02 to 0.25"),
        ({"ema_length": 0.1, "best": True}, "--ema_length makes another generator than --best"),
        ({"film_frames": 1}, "--film_frames must be 0, or at least 2"),
        ({"runs": "a,,b"}, "--runs must be folders parted by commas"),
        ({"rank_by": "kid"}, "--rank_by goes with --runs only"),
    ],
)
def test_what_makes_no_sense_is_refused(flags, said):
    with pytest.raises(UsageError) as caught:
        config(**flags)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "flags, said",
    [
        ({"truncation": 0.5}, "--truncation goes with --model_dir only"),
        ({"best": True}, "--best goes with --model_dir only"),
        ({"ema_length": 0.1}, "--ema_length goes with --model_dir only"),
        ({"label": "pug"}, "--label goes with --model_dir only"),
        ({"film_frames": 9}, "--film_frames goes with --model_dir only"),
        ({"curate": "discriminator"}, "come without their discriminator"),
        ({"candidates": 100, "curate": "dog_score"}, "--candidates goes with"),
    ],
)
def test_what_only_a_run_has(flags, said):
    with pytest.raises(UsageError, match=said):
        images(**flags)
