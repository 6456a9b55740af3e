"""The evaluation as a user asks for it, and what goes wrong."""

import dataclasses
import io
import json
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfdogs.data.paper_dogs import draw

ROOT = Path(__file__).resolve().parents[2]


def encode(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def home(tmp_path_factory, paper_data):
    """A folder with data, paper dogs of another seed as folder, zip, npy and npz, and a run."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(paper_data, home / "data")
    dogs = [draw(i, seed=1, size=28) for i in range(24)]
    (home / "dogs").mkdir()
    with zipfile.ZipFile(home / "dogs.zip", "w") as archive:
        for i, dog in enumerate(dogs):
            (home / f"dogs/image_{i:05}.png").write_bytes(encode(dog))
            archive.writestr(f"other/{i:05}.png", encode(dog))
    pixels = np.stack([np.asarray(dog) for dog in dogs])
    np.save(home / "dogs.npy", pixels)
    np.savez(home / "dogs.npz", pixels)
    make_run(home / "run", home / "data")
    return home


def make_run(path, data):
    """A run as training leaves it, with weights that nothing has trained yet."""
    from tfdogs.training import run
    from tfdogs.training.checkpoints import Checkpoints
    from tfdogs.training.config import TrainConfig

    sizes = {"g_channels": 1, "d_channels": 1, "latent_dim": 4}
    config = TrainConfig(data_dir=str(data), model_dir=str(path), model="mlp", **sizes)
    card = run.DataCard(image_size=28, channels=3, classes=(), num_images=50, fingerprint="")
    gan = run.build(config, card)
    gan.images_seen.assign(1500)
    Checkpoints(path / "checkpoints", gan).save()
    (path / "config.json").write_text(config.dump())
    (path / "data.json").write_text(json.dumps(dataclasses.asdict(card)))


@pytest.fixture(scope="module")
def colours():
    """An extractor that takes no time: mean colours of four quarters."""
    import tensorflow as tf

    from tfdogs.metrics.extractors.extractor import Extractor, Stamp

    class Colours(Extractor):
        def __init__(self):
            self._weights = tf.random.stateless_normal([12, 1000], [1, 2])
            super().__init__(Stamp("colours", "Colours", "0" * 16, "bilinear", 8), 12, 1000, imagenet=True)

        def forward(self, pixels):
            pool = tf.reshape(tf.nn.avg_pool2d(pixels / 255.0, 4, 4, "VALID"), [-1, 12])
            return pool, tf.nn.softmax(10.0 * pool @ self._weights)

    return Colours()


@pytest.fixture
def evaluate(home, monkeypatch, capsys, colours):
    """Runs the command in this process, in `home`, and returns (status, out, err)."""
    from tfdogs.metrics import extractors

    def evaluate(*flags, extractor=colours):
        with monkeypatch.context() as patch:
            if extractor is not None:
                patch.setattr(extractors, "get", lambda *args, **kwargs: extractor)
            patch.chdir(home)
            patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
            patch.setattr(sys, "argv", ["evaluate", *flags])
            patch.delitem(sys.modules, "tfdogs.evaluate", raising=False)
            capsys.readouterr()
            with pytest.raises(SystemExit) as exit:
                runpy.run_module("tfdogs.evaluate", run_name="__main__", alter_sys=True)
            return (exit.value.code, *capsys.readouterr())

    return evaluate


@pytest.fixture
def scores(evaluate, tmp_path):
    """Runs the command, which must do well, and returns its JSON."""

    def scores(*flags, **options):
        status, out, errors = evaluate(*flags, f"--output={tmp_path}/scores.json", "--overwrite", **options)
        assert status == 0, errors
        values = json.loads((tmp_path / "scores.json").read_text())
        for score in values["scores"].values():
            assert score["title"] in out
        return values

    return scores


def numbers(values):
    return {name: (score["value"], score["error"]) for name, score in values["scores"].items()}


def test_a_folder_against_a_data_dir(scores):
    values = scores("--fakes=dogs", "--data_dir=data")
    assert not values["left_out"] and values["fakes"] == "dogs" and values["reals"] == "data (train)"
    fid = values["scores"]["fid"]
    assert fid["title"] == "FID (Colours)" and fid["value"] > 0 and fid["error"] > 0
    assert fid["num_fakes"] == 24 and fid["num_reals"] == values["num_reals"] > 40
    assert (fid["weights"], fid["resizer"], fid["label"]) == ("0" * 16, "bilinear", "Colours")
    assert sum(values["breeds"]["counts"].values()) == 24


def test_the_same_images_in_any_form_have_the_same_scores(scores):
    expected = numbers(scores("--fakes=dogs", "--data_dir=data"))
    for form in ("dogs.zip", "dogs.npy", "dogs.npz"):
        assert numbers(scores(f"--fakes={form}", "--data_dir=data")) == expected
    assert numbers(scores("--fakes=dogs.zip", "--reals=data")) == expected
    same = scores("--fakes=dogs.zip", "--reals=dogs", "--metrics=fid,mifid,precision_recall")
    assert same["scores"]["fid"]["value"] == pytest.approx(0, abs=1e-6)
    assert same["scores"]["memorization_distance"]["value"] == pytest.approx(0, abs=1e-9)
    assert same["scores"]["precision"]["value"] == 1


def test_splits_are_told_apart(scores):
    values = scores("--fakes=data", "--fakes_split=eval", "--data_dir=data", "--metrics=fid")
    assert (values["fakes"], values["reals"]) == ("data (eval)", "data (train)")
    assert (
        scores("--fakes=dogs", "--data_dir=data", "--split=eval", "--metrics=fid")["reals"] == "data (eval)"
    )


def test_a_run_against_its_own_data(scores):
    values = scores("--model_dir=run", "--num_images=40", "--seed=5", "--truncation=0.7")
    assert values["fakes"] == "run at 1.5 kimg, seeds 5 to 44, truncation 0.7"
    assert values["reals"].endswith("data (train)") and values["num_fakes"] == 40
    other = scores("--model_dir=run", "--num_images=40", "--seed=6", "--data_dir=data", "--truncation=0.7")
    assert other["scores"]["fid"]["value"] != values["scores"]["fid"]["value"]


def test_a_random_part_of_the_fakes(scores):
    values = [
        scores("--fakes=dogs", "--data_dir=data", "--num_images=9", f"--seed={seed}") for seed in (1, 1, 2)
    ]
    assert values[0]["num_fakes"] == 9 and values[0]["fakes"] == "9 of dogs"
    assert numbers(values[0]) == numbers(values[1]) != numbers(values[2])


def test_the_second_time_nothing_is_extracted(evaluate, home, colours, monkeypatch):
    flags = ("--fakes=dogs", "--data_dir=data", "--metrics=fid", "--cache_dir=mine")
    status, first, _ = evaluate(*flags)
    assert status == 0 and len(list((home / "mine").iterdir())) == 2
    monkeypatch.setattr(colours, "extract", None)
    assert evaluate(*flags)[:2] == (0, first)


def test_statistics_are_kept_and_used(evaluate, scores, home):
    status, out, errors = evaluate(
        "--fakes=dogs", "--data_dir=data", "--metrics=fid", "--save_stats=stats/reals.npz"
    )
    assert status == 0 and "stats/reals.npz: statistics of the reals" in out, errors
    expected, values = (
        scores("--fakes=dogs", "--data_dir=data"),
        scores("--fakes=dogs", "--reals=stats/reals.npz"),
    )
    assert set(values["left_out"]) == {"kid", "precision_recall", "density_coverage", "mifid"}
    assert values["scores"]["fid"]["value"] == pytest.approx(expected["scores"]["fid"]["value"], rel=1e-6)
    assert values["scores"]["fid"]["num_reals"] == expected["scores"]["fid"]["num_reals"]
    status, _, errors = evaluate("--fakes=dogs", "--data_dir=data", "--save_stats=stats/reals.npz")
    assert status == 2 and "--save_stats is there already" in errors


def test_statistics_of_another_extractor_are_refused(evaluate, home, colours):
    other = type(colours)()
    other.stamp = dataclasses.replace(other.stamp, label="Other", resizer="bicubic")
    flags = ("--fakes=dogs", "--data_dir=data", "--metrics=fid", "--save_stats=other.npz", "--overwrite")
    assert evaluate(*flags, extractor=other)[0] == 0
    status, _, errors = evaluate("--fakes=dogs", "--reals=other.npz")
    assert status == 2 and len(errors.splitlines()) == 1
    assert "Other" in errors and "Colours" in errors and "bicubic" in errors and "bilinear" in errors


def test_a_folder_gets_the_report(evaluate, home):
    status, out, errors = evaluate("--model_dir=run", "--num_images=30", "--output=out/scores")
    assert status == 0 and "out/scores: scores.json and report.html" in out, errors
    assert sorted(path.name for path in (home / "out/scores").iterdir()) == ["report.html", "scores.json"]
    text = (home / "out/scores/report.html").read_text(encoding="utf-8")
    assert "FID" in text and "Colours" in text and "data:image/png;base64," in text
    assert [path.name for path in (home / "out").iterdir()] == ["scores"]
    before = (home / "out/scores/scores.json").read_bytes()
    status, _, errors = evaluate("--fakes=dogs", "--data_dir=data", "--output=out/scores")
    assert status == 2 and "--output is there already" in errors
    (home / "out/scores/mine.txt").touch()
    flags = ("--fakes=dogs", "--data_dir=data", "--output=out/scores", "--overwrite")
    status, _, errors = evaluate(*flags)
    assert status == 2 and "holds mine.txt" in errors
    assert (home / "out/scores/scores.json").read_bytes() == before
    (home / "out/scores/mine.txt").unlink()
    assert evaluate(*flags)[0] == 0
    assert (home / "out/scores/scores.json").read_bytes() != before


def test_statistics_and_run_have_a_report_too(evaluate, home):
    assert evaluate("--fakes=dogs", "--data_dir=data", "--metrics=fid", "--save_stats=of_data.npz")[0] == 0
    status, _, errors = evaluate(
        "--model_dir=run", "--reals=of_data.npz", "--num_images=30", "--output=reported"
    )
    assert status == 0 and (home / "reported/report.html").is_file(), errors


def test_pictures_of_mixed_sizes_and_modes(scores, home):
    folder = home / "mixed"
    folder.mkdir(exist_ok=True)
    for i, size in enumerate((16, 28, 40, 64, 28)):
        (folder / f"{i}.png").write_bytes(encode(draw(i, size=size).resize((size, 2 * size))))
    grey = draw(9, size=28).convert("L")
    for name, image in {
        "grey": grey,
        "sixteen": Image.fromarray(np.asarray(grey, np.uint16) * 257),
        "palette": draw(10, size=28).quantize(32),
        "clear": draw(11, size=28).convert("RGBA"),
    }.items():
        (folder / f"{name}.png").write_bytes(encode(image))
    (folder / "cmyk.jpg").write_bytes(encode(draw(12, size=28).convert("CMYK"), "JPEG"))
    values = scores("--fakes=mixed", "--data_dir=data")
    assert values["num_fakes"] == 10 and values["scores"]["fid"]["value"] > 0


def test_two_images_and_one(evaluate, scores, home):
    for count in (1, 2):
        np.save(home / f"{count}.npy", np.load(home / "dogs.npy")[:count])
    values = scores("--fakes=2.npy", "--data_dir=data")
    assert "fid" in values["scores"] and set(values["left_out"]) == {"fid_infinity", "precision_recall"}
    status, _, errors = evaluate("--fakes=1.npy", "--data_dir=data", "--metrics=fid")
    assert status == 2 and "the metric fid cannot be computed" in errors
    assert "dog_score" in scores("--fakes=1.npy", "--data_dir=data")["scores"]


def test_features_that_are_not_finite(evaluate, home, colours, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(colours, "_network", lambda pixels: (tf.fill([32, 12], np.nan), None))
    status, _, errors = evaluate("--fakes=dogs", "--data_dir=data", "--cache_dir=nan")
    assert status == 1 and "NaN or infinite features for image 0" in errors
    assert list((home / "nan").iterdir()) == []


WRONG = [
    ("--data_dir=data", 2, r"exactly one of --model_dir and --fakes"),
    ("--fakes=dogs --model_dir=run --data_dir=data", 2, r"exactly one of --model_dir and --fakes"),
    ("--fakes=dogs", 2, r"exactly one of --data_dir and --reals"),
    ("--fakes=dogs --data_dir=data --reals=dogs", 2, r"exactly one of --data_dir and --reals"),
    ("--fakes=dogs --data_dir=data --metrics=fid,beauty", 2, r"--metrics must be made of fid, .*fid,beauty"),
    ("--fakes=dogs --data_dir=data --metrics=,", 2, r"--metrics must be made of"),
    ("--fakes=dogs --data_dir=data --extractor=vgg", 2, r"--extractor must be efficientnet_lite0.*vgg"),
    ("--fakes=dogs --data_dir=data --inception_path=x", 2, r"--inception_path goes with"),
    ("--fakes=dogs --data_dir=data --extractor_range=0_1", 2, r"--extractor_range goes with"),
    ("--fakes=dogs --data_dir=data --extractor_range=0_9", 2, r"--extractor_range must be one of"),
    ("--fakes=dogs --data_dir=data --truncation=0.5", 2, r"--truncation goes with --model_dir"),
    ("--fakes=dogs --data_dir=data --best", 2, r"--best goes with --model_dir"),
    ("--fakes=dogs --data_dir=data --num_images=0", 2, r"--num_images must be at least 1"),
    ("--fakes=dogs --data_dir=data --bootstrap=1", 2, r"--bootstrap must be 0, or at least 2"),
    ("--fakes=dogs --data_dir=data --output=x.html", 2, r"--output must end in \.json.*x\.html"),
    ("--fakes=dogs --data_dir=data --output=dogs", 2, r"--output is there already"),
    ("--fakes=dogs --data_dir=data --output=dogs --overwrite", 2, r"holds image_00000\.png"),
    ("--fakes=dogs --data_dir=data --output=dogs.npy/a.json", 2, r"dogs\.npy is a file"),
    ("--fakes=dogs --data_dir=data --save_stats=x.npy", 2, r"--save_stats must end in \.npz"),
    ("--fakes=dogs --data_dir=data --save_stats=dogs.npz", 2, r"--save_stats is there already"),
    ("--fakes=nowhere --data_dir=data", 2, r"--fakes: no such file or folder.*nowhere"),
    ("--fakes=nowhere.npy --data_dir=data", 2, r"--fakes: no such file.*nowhere\.npy"),
    ("--fakes=dogs --data_dir=nowhere", 2, r"nowhere"),
    ("--fakes=dogs --data_dir=dogs", 2, r"dogs is not a data_dir"),
    ("--model_dir=dogs", 2, r"--model_dir must be a run"),
    ("--model_dir=dogs --data_dir=data", 2, r"--model_dir must be a run"),
    ("--fakes=empty --data_dir=data", 2, r"empty holds no pictures"),
    ("--fakes=corrupt.zip --data_dir=data", 1, r"corrupt\.zip is truncated or corrupt"),
    ("--fakes=notes.tar --data_dir=data", 1, r"notes\.tar is truncated or corrupt"),
    ("--fakes=bad --data_dir=data", 1, r"bad: picture dog\.png cannot be read"),
    ("--fakes=floats.npy --data_dir=data", 2, r"floats\.npy: images must be uint8.*float32"),
    ("--fakes=dogs --reals=foreign.npz", 2, r"foreign\.npz holds mu and sigma .* which extractor"),
    ("--fakes=dogs --reals=cut.npz", 1, r"cut\.npz"),
    ("--fakes=dogs --data_dir=data --cache_dir=dogs.npy", 1, r"cannot keep features in dogs\.npy"),
    ("--fakes=dogs --data_dir=data extra", 2, r"extra"),
]


@pytest.fixture
def wrong_things(home):
    (home / "empty").mkdir(exist_ok=True)
    (home / "bad").mkdir(exist_ok=True)
    (home / "bad/dog.png").write_bytes(b"no dog")
    (home / "corrupt.zip").write_bytes(b"PK\x03\x04" + bytes(40))
    (home / "notes.tar").write_text("not a tar")
    np.save(home / "floats.npy", np.zeros([3, 8, 8, 3], np.float32))
    np.savez(home / "foreign.npz", mu=np.zeros(3), sigma=np.eye(3))
    (home / "cut.npz").write_bytes((home / "dogs.npz").read_bytes()[:-30])


@pytest.mark.parametrize(("flags", "status", "named"), WRONG, ids=[flags for flags, _, _ in WRONG])
def test_what_goes_wrong_is_one_clear_line(home, evaluate, wrong_things, flags, status, named):
    def tree():
        return {path.relative_to(home) for path in home.rglob("*") if "cache" not in path.parts}

    before = tree()
    code, out, errors = evaluate(*flags.split())
    assert code == status, errors
    (line,) = errors.strip().splitlines()
    assert line.startswith("tfdogs.evaluate: ") and re.search(named, line)
    assert not out and tree() == before


def test_help(evaluate):
    status, out, errors = evaluate("--help")
    assert status == 0 and not errors
    for flag in ("--fakes", "--metrics", "--extractor", "--save_stats", "--flagfile"):
        assert flag in out


def test_bad_usage_is_told_before_tensorflow_is_loaded(tmp_path):
    for flags in (["--fakes=a"], ["--fakes=a", "--reals=b", "--metrics=beauty"], ["--fakes=a", "--reals=b"]):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "tfdogs.evaluate", *flags],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert done.returncode == 2
        lines = done.stderr.splitlines()
        assert [line for line in lines if not line.startswith("import time:")] == [lines[-1]]
        assert not any(line.endswith(" tensorflow") for line in lines)


def test_with_the_network_that_is_the_default(scores):
    values = scores("--fakes=dogs", "--data_dir=data", "--num_images=12", "--bootstrap=0", extractor=None)
    assert values["stamp"]["label"] == "EfficientNet-Lite0" and re.fullmatch(
        "[0-9a-f]{16}", values["stamp"]["weights"]
    )
    assert values["scores"]["fid"]["title"] == "FID (EfficientNet-Lite0)"
    assert values["scores"]["mifid_public"]["title"] == "MiFID eps 0.10 (EfficientNet-Lite0)"
    assert not values["left_out"] and 0 < values["scores"]["dog_score"]["value"] < 1
