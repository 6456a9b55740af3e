"""The study as a user makes it: from a data_dir of two classes to GANs, networks and a report."""

import dataclasses
import json

import numpy as np
import pytest

from tfdogs import classify, cli
from tfdogs.classification import pools
from tfdogs.classification.config import ClassifyConfig
from tfdogs.data.paper_dogs import breed_of, draw
from tfdogs.errors import UsageError

RECIPE = """--model=mlp
--latent_dim=4
--g_channels=1
--d_channels=1
--batch_size=4
--total_kimg=0.016
--ema_kimg=0.01
"""
SMALL = (
    *("--images_per_class=8", "--epochs=1", "--batch_size=8", "--early_points=1", "--width=0.02"),
    *("--seeds=1", "--synthetic_fraction=1", "--nobatch_norm"),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with data of two breeds, and a recipe."""
    from tfdogs.data.ingest import prepare
    from tfdogs.data.prepare_config import PrepareConfig

    home = tmp_path_factory.mktemp("home")
    for breed, name in enumerate(("poodle", "shiba inu")):
        (home / "pictures" / name).mkdir(parents=True)
        found = [i for i in range(300) if breed_of(i) == breed][:14]
        for i in found:
            draw(i, size=32).save(home / "pictures" / name / f"{i}.png")
    made = {"image_size": 32, "eval_fraction": 0.3, "checks": "none", "workers": 1}
    prepare(PrepareConfig(images=str(home / "pictures"), output_dir=str(home / "data"), **made))
    (home / "tiny.flags").write_text(RECIPE)
    return home


@pytest.fixture
def study(home, monkeypatch, capsys):
    """Runs the command in this process, in `home`, and returns (status, out, err)."""

    def study(*flags):
        with monkeypatch.context() as patch:
            patch.chdir(home)
            capsys.readouterr()
            with pytest.raises(SystemExit) as exit:
                argv = ["classify.py", "--data_dir=data", *SMALL, *flags]
                cli.main(ClassifyConfig, classify.run, summary=classify.__doc__, argv=argv)
            return (exit.value.code, *capsys.readouterr())

    return study


@pytest.mark.slow
def test_one_command_makes_the_whole_study(home, study):
    flags = ("--output_dir=study", "--gan_flagfile=tiny.flags", "--gan_kimg=0.008")
    status, out, errors = study(*flags)
    assert status == 0, errors
    assert "GAN of shiba inu: study/gans/shiba inu" in out and "100 % synthetic, seed 0: real" in out
    found = json.loads((home / "study/results.json").read_text())
    assert found["classes"] == ["poodle", "shiba inu"] and len(found["points"]) == 1
    fakes, others = (np.load(home / f"study/fakes/{name}.npy") for name in found["classes"])
    assert len(fakes) + len(others) == 2 * 8 + found["num_tests"]["real"]
    assert "Do generated images teach?" in (home / "study/report.html").read_text()
    run = json.loads((home / "study/gans/poodle/config.json").read_text())
    assert run["total_kimg"] == 0.008 and run["data_dir"] == "study/data/poodle"
    card = json.loads((home / "study/gans/poodle/data.json").read_text())
    assert card["classes"] == ["poodle"]
    # All is there: neither GANs nor networks are trained again.
    status, out, errors = study(*flags)
    assert status == 0 and "GAN of" not in out and "seed 0" not in out and "on real test images" in out
    # A run may be given as well: the same seeds draw the same images.
    pools.gather(home / "study/gans/poodle", home / "poodle.npy", "poodle", count=5, shape=(32, 32, 3))
    np.testing.assert_array_equal(pools.load(home / "poodle.npy"), fakes[:5])
    with pytest.raises(UsageError, match=r"images of poodle must be 64x64x3 .* Received: 32x32x3"):
        pools.gather(home / "study/gans/poodle", home / "other.npy", "poodle", count=5, shape=(64, 64, 3))


@pytest.mark.slow
def test_only_some_classes_are_generated(home, study):
    np.save(home / "poodles.npy", np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8))
    some = ("--synthetic_classes=poodle", "--fakes=poodle=poodles.npy", "--synthetic_fraction=0.75")
    status, out, errors = study("--output_dir=some", *some)
    assert status == 0, errors
    assert "75 % of poodle synthetic, seed 0: real" in out and "Only images of poodle are generated" in out
    found = json.loads((home / "some/results.json").read_text())
    assert found["synthetic_classes"] == ["poodle"]
    assert 0 < found["num_tests"]["synthetic"] < found["num_tests"]["real"]
    (point,) = found["points"]
    assert point["recall"]["synthetic"] == [point["accuracy"]["synthetic"], None]
    assert "75 % of poodle" in (home / "some/report.html").read_text()


def test_a_conditional_run_draws_the_class(home, tmp_path):
    from tfdogs.training import run
    from tfdogs.training.checkpoints import Checkpoints
    from tfdogs.training.config import TrainConfig

    config = TrainConfig(
        data_dir="data", model_dir=str(tmp_path), model="mlp", g_channels=1, d_channels=1, conditional=True
    )
    card = run.DataCard(image_size=32, channels=3, classes=("cat", "dog"), num_images=9, fingerprint="f")
    gan = run.build(config, card)
    Checkpoints(tmp_path / "checkpoints", gan).save()
    (tmp_path / "config.json").write_text(config.dump())
    (tmp_path / "data.json").write_text(json.dumps(dataclasses.asdict(card)))
    pools.gather(tmp_path, tmp_path / "dog.npy", "dog", count=3, shape=(32, 32, 3))
    wanted = gan.sampler.images([0, 1, 2], labels=1)
    np.testing.assert_array_equal(pools.load(tmp_path / "dog.npy"), wanted)
    with pytest.raises(UsageError, match="knows no class fox; it knows cat, dog"):
        pools.gather(tmp_path, tmp_path / "fox.npy", "fox", count=3, shape=(32, 32, 3))


@pytest.mark.parametrize(
    ("flags", "status", "message"),
    [
        (("--fakes=poodle=a,cat=b",), 2, "must name each of the data_dir's classes: poodle, shiba inu"),
        (("--gan_flagfile=bad.flags",), 2, "--gan_flagfile=bad.flags: Unknown command line flag 'modle'"),
        (("--fakes=poodle=no.zip,shiba inu=no.zip",), 2, "Received: --fakes=no.zip"),
        (("--fakes=poodle=broken,shiba inu=broken",), 2, "broken/config.json is not a TrainConfig"),
        (
            ("--fakes=poodle=a", "--synthetic_classes=cat"),
            2,
            "must be of the data_dir's classes: poodle, shi",
        ),
        (("--data_dir=nowhere", "--synthetic_fraction=0"), 2, "no such data_dir: nowhere"),
        (("--gan_seconds=5",), 2, "--synthetic_fraction over 0 needs --fakes or --gan_flagfile"),
    ],
)
def test_errors_are_one_line(home, study, flags, status, message):
    (home / "bad.flags").write_text("--modle=mlp\n")
    (home / "broken").mkdir(exist_ok=True)
    (home / "broken/config.json").write_text("{}")
    found = study("--output_dir=other", *flags)
    assert found[0] == status and message in found[2]
    assert found[2].count("\n") == 1 and not (home / "other").exists()


def test_gan_time_is_counted_over_resumes(home):
    from tfdogs.classification import gans

    config = ClassifyConfig(
        data_dir="data",
        output_dir=str(home / "timed"),
        gan_flagfile=str(home / "tiny.flags"),
        gan_seconds=60.0,
    )
    run = gans.run_dir(config, "poodle")
    assert gans.recipe(config, "poodle").max_wall_seconds == 60
    run.mkdir(parents=True)
    (run / "metrics.jsonl").write_text('{"kimg": 1.0, "seconds": 45.5}\n')
    assert gans.recipe(config, "poodle").max_wall_seconds == 14.5
