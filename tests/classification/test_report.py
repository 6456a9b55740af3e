import base64
import html.parser
import io
import re

import numpy as np
import pytest
from PIL import Image

from tfdogs.classification.point import Point
from tfdogs.classification.report import render, write
from tfdogs.classification.results import Results

EVIL = "<script>alert('$title')</script>"
REALS = [np.full((20, 32, 32, 3), shade, np.uint8) for shade in (10, 20)]
FAKES = {label: np.full((20, 32, 32, 3), shade, np.uint8) for label, shade in enumerate((30, 40))}


class Reader(html.parser.HTMLParser):
    """Collects start tags, and the text outside styles; fails where tags do not match."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def point(fraction, seed, accuracy, kinds):
    curve = [
        {"epoch": epoch, "images": 8, "loss": 1.0, "train": 0.5, **dict.fromkeys(kinds, accuracy * epoch / 2)}
        for epoch in (0.0, 0.5, 1.0, 2.0)
    ]
    shares = dict.fromkeys(kinds, accuracy)
    return Point(fraction, seed, shares, {kind: [accuracy] * 2 for kind in kinds}, tuple(curve), 1.0)


@pytest.fixture
def make(make_config):
    def make(fractions=(0.0, 0.85), kinds=("real", "synthetic"), classes=("cat", "dog"), **changes):
        points = [point(share, seed, 0.9 - share / 10, kinds) for share in fractions for seed in (0, 1)]
        counts = dict.fromkeys(kinds, 12)
        return Results(make_config(**changes), tuple(classes), 10, counts, tuple(points), "f" * 32)

    return make


def test_it_needs_nothing_else_and_shows_everything(make, tmp_path):
    write(make(), tmp_path / "report.html", reals=REALS, fakes=FAKES)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    read = Reader(text)
    assert [attrs["aria-labelledby"] for attrs in read.all("section")] == [
        *("table", "shares", "early", "recall", "samples")
    ]
    outside = re.sub(r"base64,[\w+/=]+", "", text)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|\$[a-z]", outside)
    assert not {"link", "script", "iframe"} & {tag for tag, _ in read.tags}
    policy = next(attrs["content"] for attrs in read.all("meta") if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "prefers-color-scheme: dark" in text
    assert "From real images alone it gets 90.00 ± 0.00 %" in read.text and "81.50 ± 0.00 %" in read.text
    assert (
        len(read.all("svg")) == 3 and len([line for line in read.all("path") if line["class"] == "line"]) == 6
    )
    shades = []
    for attrs in read.all("img"):
        with Image.open(io.BytesIO(base64.b64decode(attrs["src"].split(",")[1]))) as image:
            shades.append(np.asarray(image)[0, 0, 0])
    assert shades == [10, 30, 20, 40]


def test_of_some_classes(make):
    results = make(classes=(EVIL, "dog", "fox"), fakes=f"{EVIL}=x,fox=y", synthetic_classes=f"{EVIL},fox")
    text = render(results, reals=[*REALS, REALS[0]], fakes={0: FAKES[0], 2: FAKES[1]})
    read, of = Reader(text), f" of {EVIL} and fox"
    for told in (
        f"with 85\N{NO-BREAK SPACE}% of its images{of} generated, 81.50 ± 0.00 %.",
        f"12{of}",
        f"85 %{of}",
        f"Tested on generated images{of}",
        f"tested on generated images{of}",
        f"From all real to all images{of} generated",
        f"100 %{of} generated",
        f"85 %{of} generated",
        f"Only images{of} are generated",
    ):
        assert told in read.text
    assert "<script>alert" not in text
    assert len(read.all("img")) == 5 and "its lessons generated" not in read.text


def test_paths_and_evil_names(make, tmp_path):
    results = make(classes=(EVIL, "dog"))
    text = render(results, reals=REALS, fakes=FAKES)
    assert "<script>alert" not in text and "alert(&#x27;$title&#x27;)" in text
    assert str(tmp_path) not in text
    command = next(line for line in text.splitlines() if line.startswith("<code>"))
    assert "--data_dir=data" in command and "--epochs=2" in command and "--dropout" not in command


def test_files_of_one_name_are_told_apart(make, tmp_path):
    for name in ("recipes/dogs.flags", "recipes/cpu/dogs.flags"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for names, shown in ((("cpu/",), "dogs.flags"), (("", "cpu/"), "dogs.flags,cpu/dogs.flags")):
        files = ",".join(f"{tmp_path}/recipes/{name}dogs.flags" for name in names)
        text = render(make(fakes="", gan_flagfile=files), reals=REALS, fakes=FAKES)
        assert f"--gan_flagfile={shown} " in text and str(tmp_path) not in text


def test_without_generated_images(make):
    text = render(make((0.0,), ("real",), fakes="", synthetic_fraction="0"), reals=REALS)
    read = Reader(text)
    assert [attrs["aria-labelledby"] for attrs in read.all("section")] == [
        "table",
        "early",
        "recall",
        "samples",
    ]
    assert "Generated test" not in text and len(read.all("img")) == 2


def test_equal_results_give_equal_text(make):
    assert render(make(), reals=REALS, fakes=FAKES) == render(make(), reals=REALS, fakes=FAKES)
