import base64
import html.parser
import io
import re

import numpy as np
import pytest
from PIL import Image

from tfdogs.errors import TfdogsError
from tfdogs.sampling import grid, page
from tfdogs.sampling.drawing import Picture
from tfdogs.sampling.facts import Facts
from tfdogs.sampling.story import Story

EVIL = "<script>alert('$wall')</script> & \"dogs\""


class Reader(html.parser.HTMLParser):
    """Collects start tags, and the text outside scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "input", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def pixels(value, side=4):
    return np.full((side, side, 3), value, np.uint8)


@pytest.fixture
def story(tmp_path):
    sheets = []
    for kimg in (0, 10, 20):
        path = tmp_path / f"fakes{kimg:06d}.png"
        grid.save_png(grid.tile(np.stack([pixels(kimg + i) for i in range(9)])), path)
        sheets.append((kimg, path))
    grid.save_png(pixels(9, 16), tmp_path / "reals.png")
    return Story(tuple(sheets), tmp_path / "reals.png", ((5.0, 0.6, 0.4), (20.0, 0.7, 0.25)))


def facts(text="plain"):
    return Facts(text, text, ((text, text),), ((text, text),), text)


def pictures(label=None):
    return [Picture(seed, label, grid.encode_png(pixels(100 + seed))) for seed in (3, 4)]


def image(attrs):
    head, data = attrs["src"].split(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_the_page_holds_every_image_and_needs_nothing_else(story):
    text = page.render(facts(), story, pictures(), kimg=20.5)
    read = Reader(text)
    assert read.open == []
    images = {attrs["alt"]: image(attrs) for attrs in read.all("img") if attrs["alt"]}
    np.testing.assert_array_equal(images["Generated image, seed 4"], pixels(104))
    np.testing.assert_array_equal(images["Generated images at 10 kimg"][:4, :4], pixels(10))
    np.testing.assert_array_equal(images["Real images from the training data"], pixels(9, 16))
    assert len(images) == 2 + 3 + 1
    assert not re.search(r"https?:|//[a-z]|url\(|@import", text)
    assert not {"link", "iframe", "object"} & {tag for tag, _ in read.tags}
    assert not [attrs for attrs in read.all("script") if "src" in attrs]
    policy = next(attrs["content"] for attrs in read.all("meta") if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_the_slider_goes_over_all_sheets_and_starts_at_the_last(story):
    read = Reader(page.render(facts(), story, pictures(), kimg=20))
    (slider,) = read.all("input")
    assert (slider["type"], slider["min"], slider["max"], slider["value"]) == ("range", "0", "2", "2")
    assert slider["aria-label"] and slider["aria-valuetext"] == "kimg 20"
    sheets = [attrs for attrs in read.all("img") if "data-kimg" in attrs]
    assert [("hidden" in attrs, attrs["data-kimg"]) for attrs in sheets] == [
        (True, "0"),
        (True, "10"),
        (False, "20"),
    ]
    film = [attrs for attrs in read.all("img") if attrs["alt"] == ""]
    # The first two by two images of a sheet, and the gap between them.
    assert [image(attrs).shape for attrs in film] == [(10, 10, 3)] * 3


def test_every_text_is_escaped(story):
    text = page.render(facts(EVIL), story, pictures(label=1), kimg=20, classes=("cat", EVIL))
    read = Reader(text)
    assert len(read.all("script")) == 1
    assert read.text.count(EVIL) == 2 + 1 + 2 + 2 + 1 + 2  # head, lede, card, flags, command, captions
    assert f"Generated image, seed 3, {EVIL}" in [attrs["alt"] for attrs in read.all("img")]


def test_equal_arguments_give_equal_text(story):
    assert page.render(facts(), story, pictures(), kimg=20) == page.render(
        facts(), story, iter(pictures()), kimg=20
    )


def test_what_a_run_did_not_leave_is_left_out():
    read = Reader(page.render(facts(), Story((), None, ()), pictures(), kimg=0))
    assert len(read.all("img")) == 2 and not read.all("input") and not read.all("svg")


def test_sheets_without_reals(story):
    read = Reader(page.render(facts(), Story(story.sheets, None, ()), pictures(), kimg=20))
    assert "hidden" in next(attrs for attrs in read.all("figure") if attrs.get("class") == "reals")


def test_of_many_sheets_some_are_shown(story):
    many = tuple((kimg, story.sheets[0][1]) for kimg in range(100))
    read = Reader(page.render(facts(), Story(many, None, ()), pictures(), kimg=100))
    kimgs = [int(attrs["data-kimg"]) for attrs in read.all("img") if "data-kimg" in attrs]
    assert len(kimgs) == 16 and kimgs[0] == 0 and kimgs[-1] == 99
    assert "16 of 100 sheets" in read.text


def test_verdicts_in_percent_and_as_scores(story):
    assert "70 %" in Reader(page.render(facts(), story, pictures(), kimg=20)).text
    scores = Reader(page.render(facts(), story, pictures(), kimg=20, probability=False)).text
    assert "0.7" in scores and "%" not in scores


@pytest.mark.parametrize(
    "side, rendering, tile",
    [
        (8, "pixelated", 128),
        (28, "pixelated", 140),
        (64, "pixelated", 128),
        (128, "auto", 128),
        (512, "auto", 256),
    ],
)
def test_small_images_are_enlarged_by_a_whole_number(side, rendering, tile):
    picture = Picture(0, None, grid.encode_png(pixels(0, side)))
    text = page.render(facts(), Story((), None, ()), [picture], kimg=0)
    assert f"border-radius: 10px; image-rendering: {rendering};" in text
    assert f"repeat(auto-fill, {tile}px)" in text


@pytest.mark.parametrize(
    "classes, expected", [((), "class 1"), (("0", "1"), "class 1"), (("cat", "dog"), "dog")]
)
def test_a_class_is_named(classes, expected):
    read = Reader(page.render(facts(), Story((), None, ()), pictures(label=1), kimg=0, classes=classes))
    assert read.all("img")[0]["alt"] == f"Generated image, seed 3, {expected}"
    assert f"seed 3{expected}" in read.text


def test_grey_images(story):
    picture = Picture(0, None, grid.encode_png(pixels(0)[..., :1]))
    read = Reader(page.render(facts(), story, [picture], kimg=0))
    assert image(read.all("img")[-1]).shape == (4, 4)


def test_a_sheet_that_is_no_image_is_named(tmp_path):
    path = tmp_path / "fakes000000.png"
    path.write_bytes(b"half")
    with pytest.raises(TfdogsError, match=r"fakes000000\.png is not a PNG image"):
        page.render(facts(), Story(((0, path),), None, ()), pictures(), kimg=0)
