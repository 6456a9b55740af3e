import pytest

from tfdogs.errors import UsageError
from tfdogs.sampling.config import FORMS, GenerateConfig
from tfdogs.sampling.seeds import MAX_SEED


def config(output="dogs.png", **flags):
    return GenerateConfig(model_dir="run", output=output, **flags)


@pytest.mark.parametrize(
    "output, form",
    [
        ("dogs", "folder"),
        ("a.b/dogs/", "folder"),
        ("a.png", "png"),
        ("A.ZIP", "zip"),
        ("w.gif", "gif"),
        ("p.html", "html"),
    ],
)
def test_the_ending_says_the_form(output, form):
    assert config(output).form == form
    assert str(config(output).all_seeds) == ("0-7" if form == "gif" else "0-63")


def test_seeds_are_those_asked_for():
    assert str(config(seed=5, num_images=3).all_seeds) == "5-7"
    assert str(config(seeds="1,5,9-12").all_seeds) == "1,5,9-12"
    assert str(config(seed=MAX_SEED, num_images=1).all_seeds) == str(MAX_SEED)
    assert config("dogs", num_images=1_000_000).all_seeds.count == 1_000_000


def test_a_grid_with_titles_has_fewer_seeds():
    for grid, count in (("plain", 64), ("classes", 8), ("truncation", 8), ("mix", 6)):
        assert config(grid=grid).all_seeds.count == count
    assert config(grid="mix", num_images=3).all_seeds.count == 3


def test_cut_offs():
    assert config(grid="truncation", truncations="0.5, 1,0").cut_offs == (0.5, 1.0, 0.0)
    assert config(grid="truncation").cut_offs is None


@pytest.mark.parametrize(
    "flags, message",
    [
        ({"output": "a.jpg"}, r"--output must end in \.png.*Received: --output=a\.jpg"),
        ({"output": " "}, "--output must not be empty"),
        ({"truncation": -0.5}, "--truncation must be at least 0"),
        ({"truncation": float("nan")}, "--truncation"),
        ({"num_images": -1}, "--num_images must be at least 0"),
        ({"num_images": 10_001}, "--num_images must be at most 10,000"),
        ({"output": "a.html", "seeds": "0-1000"}, "--seeds must be at most 1,000"),
        ({"output": "a.zip", "num_images": 10**9 + 1}, "--num_images must be at most"),
        ({"seed": -1}, "--seed must be at least 0"),
        ({"seed": MAX_SEED, "num_images": 2}, "--seed must leave room"),
        ({"seeds": "1,x"}, "--seeds must be seeds and ranges.*'x'"),
        ({"seeds": "1", "num_images": 1}, "--seeds takes the place"),
        ({"seeds": "1", "seed": 1}, "--seeds takes the place"),
        ({"columns": -1}, "--columns must be at least 0"),
        ({"output": "a.zip", "columns": 4}, r"--columns goes with an --output that ends in \.png"),
        ({"walk_frames": 5}, r"--walk_frames goes with an --output that ends in \.gif"),
        ({"fps": 5.0}, r"--fps goes with"),
        ({"output": "a.gif", "fps": 0.0}, "--fps must be at least 1"),
        ({"output": "a.gif", "num_images": 1}, "--num_images must be at least 2 stops"),
        ({"output": "a.gif", "seeds": "5"}, "--seeds must be at least 2 stops"),
        ({"output": "a.gif", "num_images": 1000, "walk_frames": 11}, "--walk_frames times the 1000 stops"),
        ({"grid": "rows"}, "--grid must be one of plain, classes, truncation, mix"),
        ({"output": "a.zip", "grid": "classes"}, r"--grid goes with an --output that ends in \.png only"),
        ({"grid": "classes", "columns": 4}, "--columns goes with --grid=plain only"),
        ({"truncations": "1"}, "--truncations goes with --grid=truncation only"),
        ({"grid": "classes", "mix_layers": 1}, "--mix_layers goes with --grid=mix only"),
        ({"grid": "truncation", "truncation": 0.5}, "--truncation gives way to --truncations"),
        ({"grid": "truncation", "truncations": "1,x"}, "--truncations must be numbers from 0 to 1000"),
        ({"grid": "truncation", "truncations": "1,-1"}, "--truncations must be numbers from 0 to 1000"),
        ({"grid": "truncation", "truncations": "nan"}, "--truncations must be numbers from 0 to 1000"),
        ({"ema_length": 0.3}, r"--ema_length must be 0, or from 0\.02 to 0\.25"),
        ({"ema_length": 0.1, "best": True}, "--ema_length makes another generator than --best"),
    ],
)
def test_what_is_impossible_is_refused_in_one_line(flags, message):
    with pytest.raises(UsageError, match=message) as caught:
        config(**flags)
    assert "\n" not in str(caught.value)


def test_every_default_is_legal():
    assert all(1 < default <= most for default, most in FORMS.values())
