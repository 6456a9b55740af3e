import csv
import dataclasses
import functools
import io
import json
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from tfdogs import cli, generate
from tfdogs.sampling import drawing, generation, grid, table
from tfdogs.sampling.config import GenerateConfig
from tfdogs.sampling.labels import DataLabels
from tfdogs.sampling.sampler import Sampler
from tfdogs.training import run as training
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.config import TrainConfig

CLASSES = ("beagle", "pug", "toy poodle")
COUNTS = (6, 1, 2)


def make_run(path, conditional):
    """A run as training leaves it, with weights that nothing has trained yet."""
    flags = {"model": "mlp", "g_channels": 1, "d_channels": 1, "latent_dim": 4, "conditional": conditional}
    config = TrainConfig(data_dir=str(path / "data"), model_dir=str(path), **flags)
    card = training.DataCard(
        image_size=8, channels=3, classes=CLASSES, num_images=9, fingerprint="", label_counts=COUNTS
    )
    gan = training.build(config, card)
    gan.images_seen.assign(1500)
    Checkpoints(path / "checkpoints", gan).save()
    (path / "config.json").write_text(config.dump())
    (path / "data.json").write_text(json.dumps(dataclasses.asdict(card)))
    (path / "samples").mkdir()
    for name in ("fakes000000", "fakes000001", "reals"):
        grid.save_png(grid.tile(gan.generate(9)), path / f"samples/{name}.png")
    line = {"kimg": 0.5, "d_real": 0.5, "d_fake": 0.5}
    (path / "metrics.jsonl").write_text("".join(json.dumps({**line, "kimg": k}) + "\n" for k in (0.5, 1.5)))
    return gan


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """(model_dir, GAN) of an unconditional run."""
    path = tmp_path_factory.mktemp("plain")
    return path, make_run(path, conditional=False)


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    """(model_dir, GAN) of a conditional run."""
    path = tmp_path_factory.mktemp("conditional")
    return path, make_run(path, conditional=True)


@pytest.fixture(scope="module", autouse=True)
def load_once():
    """Each run is read back from its checkpoint once: TensorFlow takes its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "load", functools.cache(training.load))
        yield


def command(model_dir, output, *flags):
    """Runs the command in this process; returns its exit status."""
    argv = ["generate.py", f"--model_dir={model_dir}", f"--output={output}", *flags]
    with pytest.raises(SystemExit) as caught:
        cli.main(GenerateConfig, generate.run, summary=generate.__doc__, argv=argv)
    return caught.value.code


def read_seeds(folder):
    return list(csv.DictReader(io.StringIO((folder / "seeds.csv").read_text())))


def read(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_folder_has_the_images_of_its_seeds(plain, tmp_path):
    model_dir, gan = plain
    assert command(model_dir, tmp_path / "new/dogs", "--num_images=5", "--seed=40", "--truncation=0.5") == 0
    expected = gan.generate(5, seed=40, truncation=0.5)
    for index, image in enumerate(expected):
        np.testing.assert_array_equal(read(tmp_path / f"new/dogs/image_{index:05d}.png"), image)
    assert len(list((tmp_path / "new/dogs").iterdir())) == 6
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["dogs"]
    rows = read_seeds(tmp_path / "new/dogs")
    assert [(row["seed"], row["label"]) for row in rows] == [(str(seed), "") for seed in range(40, 45)]


def test_zip_is_the_same_every_time_and_has_what_the_folder_has(plain, tmp_path):
    for name in ("a.zip", "b.zip", "dogs"):
        assert command(plain[0], tmp_path / name, "--seeds=7,3-4") == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["image_00000.png", "image_00001.png", "image_00002.png"]
        for name in archive.namelist():
            assert archive.read(name) == (tmp_path / "dogs" / name).read_bytes()


def test_grid_and_its_columns(plain, tmp_path):
    assert command(plain[0], tmp_path / "a.png", "--num_images=6", "--columns=3") == 0
    np.testing.assert_array_equal(read(tmp_path / "a.png"), grid.tile(plain[1].generate(6), columns=3))


def test_grid_of_classes(conditional, tmp_path):
    model_dir, gan = conditional
    flags = ("--grid=classes", "--seeds=4,2")
    assert command(model_dir, tmp_path / "all.png", *flags) == 0
    assert command(model_dir, tmp_path / "two.png", *flags, "--label=pug, 0") == 0
    rows = [gan.generate(1, seed=seed, labels=label) for label in (0, 1, 2) for seed in (4, 2)]
    images = np.reshape(rows, (3, 2, 8, 8, 3))
    expected = table.draw(images, rows=CLASSES, columns=["seed 4", "seed 2"])
    np.testing.assert_array_equal(read(tmp_path / "all.png"), expected)
    expected = table.draw(images[[1, 0]], rows=["pug", "beagle"], columns=["seed 4", "seed 2"])
    np.testing.assert_array_equal(read(tmp_path / "two.png"), expected)


def test_classes_as_often_as_the_data_has_them(conditional, tmp_path):
    model_dir, gan = conditional
    assert command(model_dir, tmp_path / "dogs", "--num_images=9", "--seed=3", "--labels=data") == 0
    labels = DataLabels(COUNTS)(range(3, 12))
    assert [row["label"] for row in read_seeds(tmp_path / "dogs")] == [CLASSES[label] for label in labels]
    for index, image in enumerate(gan.generate(9, seed=3, labels=labels)):
        np.testing.assert_array_equal(read(tmp_path / f"dogs/image_{index:05d}.png"), image)


@pytest.mark.parametrize(
    ("run", "flags", "message"),
    [
        ("plain", (), "--labels goes with a conditional model, and that of"),
        ("conditional", ("--label=pug",), "--labels does not go together with --label=pug"),
        ("conditional", ("--grid=classes",), "--labels does not go together with --grid=classes"),
    ],
)
def test_the_datas_classes_where_there_are_none(request, tmp_path, capsys, run, flags, message):
    model_dir, _ = request.getfixturevalue(run)
    assert command(model_dir, tmp_path / "a.png", "--labels=data", *flags) == 2
    assert message in capsys.readouterr().err


def test_a_run_that_does_not_know_how_often_the_data_has_a_class(conditional, tmp_path, capsys):
    old = tmp_path / "old"
    shutil.copytree(conditional[0], old)
    card = json.loads((old / "data.json").read_text())
    del card["label_counts"]  # as in runs of earlier versions
    (old / "data.json").write_text(json.dumps(card))
    assert command(old, tmp_path / "a.zip", "--labels=data") == 2
    assert "--labels needs label_counts in" in capsys.readouterr().err
    assert command(old, tmp_path / "a.zip", "--num_images=1") == 0


def test_grid_of_truncations(plain, tmp_path):
    flags = ("--grid=truncation", "--truncations=0.5,0", "--num_images=3")
    assert command(plain[0], tmp_path / "a.png", *flags) == 0
    images = np.stack([plain[1].generate(3, truncation=0.5), plain[1].generate(3)], axis=1)
    expected = table.draw(images, rows=["seed 0", "seed 1", "seed 2"], columns=["0.5", "none"])
    np.testing.assert_array_equal(read(tmp_path / "a.png"), expected)


def test_grids_that_the_model_cannot_do(plain, conditional, tmp_path, capsys):
    output = tmp_path / "a.png"
    assert "--grid needs a conditional model" in refused(capsys, plain[0], output, "--grid=classes")
    assert "--grid needs a model with styles, and mlp" in refused(capsys, plain[0], output, "--grid=mix")
    line = refused(capsys, conditional[0], output, "--grid=classes", "--label=pug,poodle")
    assert "one of the model's 3 classes" in line
    line = refused(capsys, conditional[0], output, "--grid=classes", "--num_images=3334")
    assert "a sheet holds 10,000 images. Received: --grid=classes, 3,334 seeds by 3" in line
    assert not list(tmp_path.iterdir())


def test_an_average_of_another_length(tmp_path, capsys, keep_averages):
    run = tmp_path / "run"
    run.mkdir()
    gan = make_run(run, conditional=False)
    assert "no snapshots of averages" in refused(capsys, run, tmp_path / "a.png", "--ema_length=0.1")
    keep_averages(run, gan)
    assert command(run, tmp_path / "a.png", "--num_images=4", "--ema_length=0.05") == 0
    expected = Sampler(gan.generator, gan.latent_dim).images(range(4))
    np.testing.assert_allclose(read(tmp_path / "a.png"), grid.tile(expected), atol=1)
    assert not np.allclose(expected, gan.generate(4), atol=1)


def test_walk_stops_at_the_seeds(plain, tmp_path):
    assert command(plain[0], tmp_path / "a.gif", "--seeds=1,2", "--walk_frames=3", "--fps=10") == 0
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 6 and gif.info["duration"] == 100
        gif.seek(3)
        # 64 pixels have no more colours than a palette: the frame is the image itself.
        np.testing.assert_array_equal(np.asarray(gif.convert("RGB")), plain[1].generate(1, seed=2)[0])


def test_page_of_the_run(plain, tmp_path):
    for name in ("one/page.html", "two/page.html"):
        assert command(plain[0], tmp_path / name, "--num_images=3") == 0
    text = (tmp_path / "one/page.html").read_text(encoding="utf-8")
    assert text == (tmp_path / "two/page.html").read_text(encoding="utf-8")
    assert text.count('alt="Generated image, seed') == 3 and "<svg" in text
    assert text.count("data-kimg=") == 2 and "1.5 kimg" in text


@pytest.mark.parametrize("label, index", [("pug", 1), ("2", 2), ("toy poodle", 2)])
def test_label_by_name_or_index(conditional, tmp_path, label, index):
    model_dir, gan = conditional
    assert command(model_dir, tmp_path / "dogs", "--num_images=2", f"--label={label}") == 0
    np.testing.assert_array_equal(read(tmp_path / "dogs/image_00001.png"), gan.generate(2, labels=index)[1])
    rows = read_seeds(tmp_path / "dogs")
    assert [row["label"] for row in rows] == [CLASSES[index]] * 2


def test_a_label_is_found_whatever_its_unicode_form():
    forms = [unicodedata.normalize(form, "épagneul") for form in ("NFC", "NFD")]
    for stored, asked in (forms, forms[::-1]):
        run = SimpleNamespace(gan=SimpleNamespace(num_classes=2), classes=("pug", stored))
        config = GenerateConfig(model_dir="x", output="a.png", label=asked)
        assert generation._class_index(config, asked, run) == 1
        assert generation._labels(config, run) == [1]


def test_without_a_label_all_classes_take_turns(conditional, tmp_path):
    assert command(conditional[0], tmp_path / "dogs", "--num_images=4", "--seed=1") == 0
    rows = read_seeds(tmp_path / "dogs")
    assert [row["label"] for row in rows] == ["pug", "toy poodle", "beagle", "pug"]
    for form in ("gif", "html", "png", "zip"):
        assert command(conditional[0], tmp_path / f"dogs.{form}", "--num_images=2") == 0


@pytest.mark.parametrize("name", ["dogs", "a.zip", "a.png", "a.gif", "a.html"])
def test_a_failure_in_the_middle_leaves_what_was_there(plain, tmp_path, monkeypatch, capsys, name):
    assert command(plain[0], tmp_path / name, "--num_images=3") == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    monkeypatch.setattr(drawing, "BATCH", 2)
    calls = []

    def fail(self, *args):
        calls.append(args)
        if len(calls) > 1 or name == "a.gif":
            raise OSError(28, "No space left on device")
        return from_latents(self, *args)

    from_latents = Sampler.from_latents
    monkeypatch.setattr(Sampler, "from_latents", fail)
    assert command(plain[0], tmp_path / name, "--num_images=9", "--overwrite") == 1
    assert "No space left on device" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == [name]
    monkeypatch.undo()
    assert command(plain[0], tmp_path / name, "--num_images=2", "--overwrite") == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} != before


def refused(capsys, *args):
    """Runs the command, which must end as bad usage; returns its one line."""
    assert command(*args) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_labels_that_are_not_there(plain, conditional, tmp_path, capsys):
    output = tmp_path / "a.png"
    assert "--label goes with a conditional model" in refused(capsys, plain[0], output, "--label=pug")
    line = refused(capsys, conditional[0], output, "--label=poodle")
    assert "one of the model's 3 classes" in line and "(near: toy poodle)" in line
    for label in ("3", "-1", "9" * 5000):
        assert "0 to 2" in refused(capsys, conditional[0], output, f"--label={label}")
    assert not list(tmp_path.iterdir())


def test_an_output_that_is_there(plain, tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(b"mine")
    assert "is there already" in refused(capsys, plain[0], tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"mine"


def test_a_folder_that_is_no_run(tmp_path, capsys):
    assert "--model_dir must be a run" in refused(capsys, tmp_path / "nowhere", tmp_path / "a.png")
    (tmp_path / "config.json").write_text("{}")
    assert "config.json is not a TrainConfig" in refused(capsys, tmp_path, tmp_path / "a.png")
    (tmp_path / "config.json").write_text(TrainConfig(data_dir="d", model_dir="m").dump())
    assert "is not a run" in refused(capsys, tmp_path, tmp_path / "a.png")


def test_bad_usage_is_one_line_and_status_2_before_tensorflow_is_loaded(tmp_path):
    for flags in (
        ["--output=a.jpg"],
        ["--output=a.png", "--truncation=-1"],
        ["--output=a.png"],
        ["--unknown"],
    ):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "tfdogs.generate", "--model_dir=nowhere", *flags],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        lines = done.stderr.splitlines()
        assert done.returncode == 2
        assert [line for line in lines if not line.startswith("import time:")] == [lines[-1]]
        assert lines[-1].startswith("tfdogs.generate: ")
        assert not any(line.endswith(" tensorflow") for line in lines)
