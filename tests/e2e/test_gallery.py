"""The gallery as a user asks for it, and as a browser opens it from disk."""

import csv
import dataclasses
import functools
import json
import runpy
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from tfdogs.data.manifest import Manifest
from tfdogs.sampling import grid
from tfdogs.training import run as training
from tfdogs.training.checkpoints import Checkpoints
from tfdogs.training.config import TrainConfig

STAMP = {"extractor": "net", "label": "Net", "weights": "0" * 16, "resizer": "bilinear", "input_size": 8}
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def evaluation(kimg, fid):
    score = {"title": "FID (Net)", "value": fid, "error": 0.5, "better": "lower"}
    counts = {"num_fakes": 20, "num_reals": 50}
    return json.dumps({"kimg": kimg, "scores": {"fid": score}, "alarms": [], "stamp": STAMP, **counts}) + "\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory, paper_data):
    """A folder with a conditional run, as training leaves it, and a worse one."""
    place = tmp_path_factory.mktemp("place")
    path, manifest = place / "run", Manifest.load(paper_data)
    config = TrainConfig(
        data_dir=str(paper_data),
        model_dir=str(path),
        model="mlp",
        conditional=True,
        g_channels=1,
        d_channels=1,
        latent_dim=4,
        sheet_columns=2,
    )
    card = training.DataCard(28, 3, manifest.classes, manifest.num_images(), manifest.fingerprint)
    gan = training.build(config, card)
    gan.images_seen.assign(2500)
    Checkpoints(path / "checkpoints", gan).save()
    (path / "config.json").write_text(config.dump())
    (path / "data.json").write_text(json.dumps(dataclasses.asdict(card)))
    (path / "samples").mkdir()
    for kimg in range(3):
        sheet = grid.tile(gan.generate(4, seed=kimg), columns=2)
        grid.save_png(sheet, path / f"samples/fakes{kimg:06d}.png")
    verdicts = ({"kimg": kimg, "d_real": 0.8, "d_fake": 0.3} for kimg in (1, 2))
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in verdicts))
    (path / "evaluations.jsonl").write_text(evaluation(0.0, 90.0) + evaluation(2.0, 41.5))
    shutil.copytree(path, place / "worse")
    (place / "worse/evaluations.jsonl").write_text(evaluation(0.0, 95.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "load", functools.cache(training.load))
        yield place


@pytest.fixture
def gallery(place, monkeypatch, capsys):
    """Runs the command in this process, in `place`, and returns (status, out, err)."""

    def gallery(*flags):
        with monkeypatch.context() as patch:
            patch.chdir(place)
            patch.setattr(sys, "argv", ["gallery", *flags])
            patch.delitem(sys.modules, "tfdogs.gallery", raising=False)
            capsys.readouterr()
            with pytest.raises(SystemExit) as exit:
                runpy.run_module("tfdogs.gallery", run_name="__main__", alter_sys=True)
            return (exit.value.code, *capsys.readouterr())

    return gallery


@pytest.fixture
def good(gallery, place):
    """Runs the command, which must do well; returns the gallery's folder and what was printed."""

    def good(*flags, output="out"):
        shutil.rmtree(place / output, ignore_errors=True)
        status, out, errors = gallery(*flags, f"--output_dir={output}")
        assert status == 0, errors
        return place / output, out

    return good


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


@pytest.fixture(scope="module")
def chromium():
    """A browser."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if BROWSER is None:
        pytest.skip("there is no chromium here")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, good, place):
    """Opens the gallery of a run from disk in a window; complaints of the browser fail the test."""
    complaints, contexts = [], []
    folder = place / "shown"
    if not folder.exists():
        good("--model_dir=run", "--quiz=4", output="shown")

    def visit(width=1280, **options):
        contexts.append(chromium.new_context(viewport={"width": width, "height": 900}, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        page.goto(f"file://{folder}/index.html")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def columns(page):
    """Returns, from left to right, the tops of the images in each column of the wall."""
    boxes = page.locator(".wall a").evaluate_all("all => all.map(a => a.getBoundingClientRect())")
    lefts = sorted({round(box["left"]) for box in boxes})
    return [sorted(box["top"] for box in boxes if round(box["left"]) == left) for left in lefts], boxes


@pytest.mark.parametrize("width, count", [(1280, 12), (800, 8), (390, 4)])
def test_the_wall_is_laid_like_bricks(visit, width, count):
    page = visit(width)
    tops, boxes = columns(page)
    assert len(tops) == count and sum(map(len, tops)) == 78
    if count == 12:
        assert [len(column) for column in tops] == [7, 6] * 6
    pitch = tops[0][1] - tops[0][0]
    for left, right in zip(tops, tops[1:]):
        assert abs(abs(right[0] - left[0]) - pitch / 2) < 1
    assert all(abs(box["width"] - box["height"]) < 1 and box["height"] < pitch for box in boxes)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_image_opens_large_and_the_keyboard_leads_on(visit):
    page = visit()
    page.locator(".wall a").nth(3).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    large = page.locator("dialog")
    assert large.is_visible() and "seed 16" in large.inner_text()
    assert large.locator("img").evaluate("i => i.complete && i.naturalWidth") == 28
    page.keyboard.press("ArrowLeft")
    assert "seed 15" in large.inner_text() and page.url.endswith("#image-15")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    assert "seed 77" in large.inner_text()
    page.keyboard.press("Escape")
    assert not large.is_visible() and page.url.endswith("index.html")
    assert page.evaluate("document.activeElement.id") == "image-77"
    page.goto(f"{page.url}#image-9")
    page.reload()
    assert large.inner_text().startswith("seed 9")


def test_every_picture_is_there(visit):
    page = visit(reduced_motion="reduce")
    page.wait_for_function("[...document.querySelectorAll('main img')].every(i => i.loading = 'eager')")
    page.wait_for_function("[...document.querySelectorAll('main img')].every(i => i.complete)")
    sizes = page.locator("main img").evaluate_all("all => all.map(i => i.naturalWidth)")
    assert len(sizes) == 78 + 4 + 1 and all(sizes)
    film, button = page.locator(".film img"), page.locator("#pause")
    assert film.evaluate("i => i.currentSrc").endswith("film.png") and button.inner_text() == "Play"
    button.click()
    page.wait_for_function("document.querySelector('.film img').currentSrc.endsWith('film.gif')")
    assert button.inner_text() == "Stop"


def test_the_sheet_gives_nothing_away_until_it_is_asked(visit):
    page = visit(390)
    boxes = page.locator(".quiz input").evaluate_all(
        "all => all.map(i => [i.getBoundingClientRect().width, i.getBoundingClientRect().height])"
    )
    assert len(boxes) == 4 and len({tuple(box) for box in boxes}) == 1
    assert not page.locator(".quiz b").first.is_visible()
    page.locator(".quiz .real input").first.check()
    page.locator(".quiz li:not(.real) input").first.check()
    page.locator(".quiz summary").click()
    page.wait_for_function("document.getElementById('found').textContent")
    assert "found 1 of 2 real ones, and held 1 drawn for real" in page.locator(".quiz details").inner_text()
    assert page.locator(".quiz b").evaluate_all("all => all.filter(b => b.offsetWidth).length") == 4


def test_light_and_dark(visit):
    page = visit()
    for scheme, paper in (("light", "rgb(250, 247, 242)"), ("dark", "rgb(23, 21, 18)")):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper


def test_without_scripts_all_is_still_there(visit):
    page = visit(java_script_enabled=False)
    assert page.locator(".wall a").first.get_attribute("href") == "images/image_00000.png"
    page.locator(".quiz summary").click()
    assert "Real are" in page.locator(".quiz details").inner_text()
    assert page.locator(".quiz b").first.is_visible()
