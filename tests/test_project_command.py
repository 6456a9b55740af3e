import dataclasses
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfdogs import cli, project
from tfdogs.sampling.projection import command as projection
from tfdogs.sampling.projection import distance
from tfdogs.sampling.projection.config import ProjectConfig
from tfdogs.training import run as training
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.config import TrainConfig

CLASSES = ("beagle", "pug")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """(folder, GAN): a conditional run, and two pictures that it drew."""
    home = tmp_path_factory.mktemp("home")
    flags = {"model": "mlp", "g_channels": 2, "d_channels": 1, "latent_dim": 4, "conditional": True}
    config = TrainConfig(data_dir="data", model_dir=str(home / "run"), precision="mixed_bfloat16", **flags)
    card = training.DataCard(image_size=28, channels=3, classes=CLASSES, num_images=1, fingerprint="")
    gan = training.build(config, card)
    gan.images_seen.assign(1500)
    Checkpoints(home / "run/checkpoints", gan).save()
    (home / "run/config.json").write_text(config.dump())
    (home / "run/data.json").write_text(json.dumps(dataclasses.asdict(card)))
    (home / "photos").mkdir()
    for name, image in zip(("ann.png", "bob.png"), gan.generate(2, seed=500)):
        Image.fromarray(image).resize((60, 60), Image.Resampling.BICUBIC).save(home / "photos" / name)
    return home


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Distances of pixels alone: what the network sees takes its time, and has tests of its own."""

    class Quick:
        def __init__(self, image_size):
            assert image_size == 28

        def views(self, images):
            return images

        def between(self, first, second):
            return tf.reduce_mean((first - second) ** 2, [1, 2, 3])

    monkeypatch.setattr(distance, "Distance", Quick)


def command(home, *flags, monkeypatch=None):
    """Runs the command in this process, in `home`; returns its exit status."""
    monkeypatch.chdir(home)
    with pytest.raises(SystemExit) as caught:
        cli.main(ProjectConfig, project.run, summary=project.__doc__, argv=["project.py", *flags])
    return caught.value.code


@pytest.fixture
def run(home, monkeypatch, capsys):
    """Runs the command and returns (status, out, err)."""

    def run(*flags):
        capsys.readouterr()
        return (command(home, *flags, monkeypatch=monkeypatch), *capsys.readouterr())

    return run


FEW = ("--model_dir=run", "--candidates=40", "--starts=2", "--steps=10")


def test_photographs_to_a_sheet_and_latents(home, run):
    status, out, errors = run(*FEW, "--image=photos", "--output=all")
    assert status == 0, errors
    assert "ann.png: distance" in out and "2 projected, at 1.5 kimg" in out
    status, _, errors = run(*FEW, "--image=photos/bob.png", "--output=one.png")
    assert status == 0, errors
    with np.load(home / "all.npz") as both, np.load(home / "one.npz") as one:
        assert both["names"].tolist() == ["ann.png", "bob.png"] and str(both["space"]) == "z"
        assert both["latents"].shape == (2, 4) and both["distances"].shape == (2, 11)
        assert (both["distances"][:, -1] <= both["start_distances"]).all()
        np.testing.assert_array_equal(both["labels"], both["seeds"] % 2)
        for name in set(one.files) - {"space"}:  # a photograph's projection is its own
            np.testing.assert_array_equal(one[name][0], both[name][1], err_msg=name)
        found = both["images"]
    with Image.open(home / "all.png") as sheet:
        pixels = np.asarray(sheet)
    tile = np.repeat(np.repeat(found[1], 3, 0), 3, 1)
    np.testing.assert_array_equal(pixels[-84:, -84:], tile)
    assert run(*FEW, "--image=photos", "--output=all")[0] == 2
    before = (home / "all.png").read_bytes(), (home / "all.npz").read_bytes()
    assert run(*FEW, "--image=photos", "--output=all", "--overwrite")[0] == 0
    assert before == ((home / "all.png").read_bytes(), (home / "all.npz").read_bytes())


def test_of_one_class(home, run):
    assert run(*FEW, "--image=photos/ann.png", "--output=pug", "--label=pug")[0] == 0
    with np.load(home / "pug.npz") as file:
        assert file["labels"].tolist() == [1]


def test_a_failure_leaves_nothing(home, run, monkeypatch):
    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(projection, "_numbers", fail)
    before = sorted(home.rglob("*"))
    status, _, errors = run(*FEW, "--image=photos/ann.png", "--output=new")
    assert status == 1 and "No space left" in errors and sorted(home.rglob("*")) == before


WRONG = [
    ("--image=photos --output=x", 2, "--model_dir is required"),
    ("--model_dir=photos --image=photos --output=x", 2, "--model_dir must be a run"),
    ("--model_dir=run --image=nowhere.jpg --output=x", 2, "--image: no such file"),
    ("--model_dir=run --image=run/checkpoints --output=x", 2, "not 0"),
    ("--model_dir=run --image=photos --output=x --label=poodle", 2, "one of the model's 2 classes"),
    ("--model_dir=run --image=photos --output=x --best", 2, "kept no best generator"),
    ("--model_dir=run --image=photos --output=x --ema_length=0.1", 2, "no snapshots of averages"),
    ("--model_dir=run --image=run/config.json --output=x", 2, "--image must be a picture"),
]


@pytest.mark.parametrize(("flags", "status", "named"), WRONG, ids=[flags for flags, *_ in WRONG])
def test_what_goes_wrong_is_one_line(home, run, flags, status, named):
    code, _, errors = run(*flags.split())
    assert (code, len(errors.splitlines())) == (status, 1) and named in errors
    assert not list(home.glob("x*"))


def test_help(run):
    status, out, _ = run("--help")
    assert status == 0 and "--candidates" in out


def test_a_name_with_a_line_break_is_one_line(home, run, tmp_path):
    (tmp_path / "photos").mkdir()
    shutil.copy(home / "photos/ann.png", tmp_path / "photos/ann\n\x1b[2J.png")
    status, out, err = run(f"--image={tmp_path}/photos", f"--output={tmp_path}/out", *FEW)
    assert status == 0, err
    assert out.startswith(r"ann\n\x1b[2J.png: distance ") and out.count("\n") == 2
