"""The gallery as a user asks for it."""

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from tfdogs.training import run as training


def numbers(folder):
    return sorted(int(path.stem.removeprefix("image_")) for path in (folder / "images").iterdir())


def test_a_run_on_the_wall(good, place):
    folder, out = good("--model_dir=run", "--runs=worse", "--seed=5", "--quiz=4")
    assert "out/index.html: 78, seeds 5-82 as they come, none chosen." in out
    assert numbers(folder) == list(range(5, 83))
    gan = training.load("run", best=False).gan
    for seed, image in zip((5, 82), gan.generate(78, seed=5)[[0, -1]]):
        with Image.open(folder / f"images/image_{seed:05d}.png") as shown:
            np.testing.assert_array_equal(shown, image)
    rows = list(csv.DictReader((folder / "seeds.csv").read_text().splitlines()))
    assert [row["seed"] for row in rows] == [str(seed) for seed in range(5, 83)] and rows[0]["label"]
    assert {"index.html", "style.css", "gallery.js", "film.gif", "film.webp", "film.png"} <= {
        path.name for path in folder.iterdir()
    }
    text = (folder / "index.html").read_text()
    assert "2 of these 4 are photographs (out of the eval split of paper" in text
    assert "41.50 ± 0.50" in text and text.index("<td>1</td>") < text.index("worse")
    assert len(list((folder / "quiz").iterdir())) == 4


def test_an_average_of_another_length(good, gallery, place, keep_averages):
    flags = ("--model_dir=averaged", "--num_images=3", "--quiz=0")
    shutil.copytree(place / "run", place / "averaged")
    status, _, errors = gallery(*flags, "--output_dir=o", "--ema_length=0.05")
    assert status == 2 and "has no snapshots of averages" in errors and not (place / "o").exists()
    own, _ = good(*flags, output="own")
    gan = training.load("averaged", best=False).gan
    keep_averages(place / "averaged", gan)
    folder, _ = good(*flags, "--ema_length=0.05")
    gan.ema_generator.set_weights(gan.generator.get_weights())
    with Image.open(folder / "images/image_00001.png") as shown:
        np.testing.assert_allclose(np.asarray(shown, int), gan.generate(2)[1], atol=1)
    assert (folder / "images/image_00001.png").read_bytes() != (own / "images/image_00001.png").read_bytes()
    text = (folder / "index.html").read_text()
    assert "power function, relative length 0.05" in text and "--ema_length=0.05" in text
    # The run's own scores are of its own average.
    assert "41.50" in (own / "index.html").read_text() and "41.50" not in text


def test_the_same_command_makes_the_same_gallery(good):
    contents = []
    for _ in range(2):
        folder, _ = good("--model_dir=run", "--num_images=9", "--truncation=0.7")
        contents.append({path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()})
    assert contents[0] == contents[1]


def test_by_the_discriminator(good):
    folder, out = good(
        "--model_dir=run", "--curate=discriminator", "--candidates=40", "--num_images=6", "--drop=0"
    )
    assert "6 of 40, those that the discriminator liked best, 1 left out by hand." in out
    gan = training.load("run", best=False).gan
    seeds = np.arange(1, 40)
    labels = (seeds % gan.num_classes).astype(np.int32)
    images = gan.generate(39, seed=1).astype(np.float32) / 127.5 - 1
    scores = gan.discriminator((images, labels), training=False).numpy()[:, 0]
    assert numbers(folder) == sorted(seeds[np.argsort(-scores)[:6]])


def test_by_the_dog_score(good, place, monkeypatch, colours):
    from tfdogs.metrics import dogs, extractors

    monkeypatch.setattr(extractors, "get", lambda name: colours)
    features = colours(training.load("run", best=False).gan.generate(20)).probabilities
    best = np.argsort(-features[:, list(dogs.DOG_CLASSES)].sum(axis=1))
    folder, out = good("--model_dir=run", "--curate=dog_score", "--candidates=20", "--num_images=5")
    assert "5 of 20, those in which EfficientNet-Lite0 sees most of a dog." in out
    assert numbers(folder) == sorted(best[:5])
    good("--model_dir=run", "--num_images=20", output="all")
    folder, _ = good("--images=all/images", "--curate=dog_score", "--num_images=5")
    assert numbers(folder) == sorted(best[:5])


def test_by_hand_and_by_class(good):
    folder, out = good("--model_dir=run", "--pick=40,2,9", "--drop=2", "--label=1")
    assert numbers(folder) == [9, 40] and "picked by hand" in out
    labels = {row["label"] for row in csv.DictReader((folder / "seeds.csv").read_text().splitlines())}
    assert len(labels) == 1
    text = (folder / "index.html").read_text()
    assert text.index("image_00040") < text.index("image_00009")


def test_images_with_holes(good, place, paper_data):
    all_of_them, _ = good("--model_dir=run", "--num_images=20", "--quiz=0", output="all")
    for number in (0, 7, 13):
        (all_of_them / f"images/image_{number:05d}.png").unlink()
    folder, out = good("--images=all/images", f"--reals={paper_data}", "--quiz=4", "--drop=1")
    assert numbers(folder) == [n for n in range(20) if n not in (0, 1, 7, 13)]
    assert "16 of 17, 1 left out by hand." in out
    text = (folder / "index.html").read_text()
    assert "2 of these 4 are photographs (the eval split of paper)" in text
    assert not (folder / "film.gif").exists() and not (folder / "seeds.csv").exists()


def test_data_that_is_gone_or_other_makes_no_sheet(good, place, monkeypatch):
    folder, out = good("--model_dir=run", "--num_images=2", "--quiz=0", "--film_frames=0")
    assert not (folder / "quiz").exists() and not (folder / "film.gif").exists()
    card = (place / "run/data.json").read_text()
    try:
        (place / "run/data.json").write_text(json.dumps({**json.loads(card), "fingerprint": "0"}))
        folder, out = good("--model_dir=run", "--num_images=2")
        assert "no sheet of real images: " in out and "prepared anew" in out
        assert not (folder / "quiz").exists()
    finally:
        (place / "run/data.json").write_text(card)


@pytest.mark.parametrize(
    "flags, said",
    [
        ("--model_dir=run --images=x --output_dir=o", "exactly one of --model_dir and --images"),
        ("--model_dir=run", "--output_dir is required"),
        ("--model_dir=nowhere --output_dir=o", "--model_dir must be a run"),
        ("--model_dir=run --output_dir=o --label=cat", "one of the model's"),
        ("--model_dir=run --output_dir=o --best", "kept no best generator"),
        ("--model_dir=run --output_dir=o --drop=99", "--drop must be among the seeds 0-77, and 99 is not"),
        ("--model_dir=run --output_dir=o --drop=0-77", "--drop leaves no image"),
        ("--model_dir=run --output_dir=o --runs=nowhere", "--runs must be runs"),
        ("--model_dir=run --output_dir=run --overwrite", "replaces only folders of tfdogs.gallery"),
        ("--model_dir=run --output_dir=run", "is there already"),
        ("--images=nowhere --output_dir=o", "--images: no such file"),
        ("--images=run/config.json --output_dir=o", "--images must be a folder or a .zip"),
    ],
)
def test_wrong_flags_are_one_line_and_leave_nothing(gallery, place, flags, said):
    status, _, errors = gallery(*flags.split())
    (line,) = errors.splitlines()
    assert status == 2 and said in line, line
    assert not (place / "o").exists() and not list(place.glob(".o*"))


def test_a_failure_in_the_middle_leaves_what_was_there(good, gallery, place):
    folder, _ = good("--model_dir=run", "--num_images=2", "--quiz=0")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    sheet = place / "run/samples/fakes000002.png"
    data = sheet.read_bytes()
    try:
        sheet.write_bytes(data[:50])
        status, _, errors = gallery("--model_dir=run", "--num_images=3", "--output_dir=out", "--overwrite")
    finally:
        sheet.write_bytes(data)
    assert status == 1 and "fakes000002.png is not a PNG image" in errors
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert not list(place.glob(".out*"))
