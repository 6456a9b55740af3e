import re
from html.parser import HTMLParser

import pytest

from tfdogs.exhibition import board, film, page, quiz, scored
from tfdogs.exhibition.exhibits import Exhibit

EVIL = "<script>alert('&')</script>"
EMPTY = {"<br", "<img", "<input", "<link", "<meta", "<source"}


class Reader(HTMLParser):
    """Reads tags, text and what was left open."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if f"<{tag}" not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    def sources(self, folder):
        return [attrs["src"] for attrs in self.all("img") if attrs.get("src", "").startswith(folder)]


@pytest.fixture
def contents(make_run, line):
    """Contents in which nothing is missing."""
    runs = [board.read(make_run(f"run{n}", [line(10.0, 20.0 + n)]), "fid") for n in (2, 1)]
    runs.append(board.read(make_run("run3"), "fid"))
    return page.Contents(
        title="Title",
        lede="Lede",
        choice="Choice",
        exhibits=[Exhibit(3, 3, "pug", 64, 64), Exhibit(9, 40, "2", 64, 64), Exhibit(12, None, "", 64, 48)],
        generated=True,
        card=(("Model", "dcgan"),),
        scored=(scored.of_line(line(10.0, 20.25, alarms=["all alike"])),),
        board=board.rank(runs, "fid", own=runs[0]),
        quiz=quiz.Quiz((True, False), "photographs", 64),
        film=film.Film(526, 576, 23, 0, 1220, True),
        probability=True,
        credits=("One", "Two"),
        command="python -m tfdogs.gallery",
    )


def test_the_page_is_well_formed_and_needs_only_its_own_files(contents):
    text = page.render(contents)
    read = Reader(text)
    assert read.open == [] and text == page.render(contents)
    assert not re.search(r"https?:|//[a-z]|url\(|@import", text + page.style(3) + page.script())
    assert [attrs["src"] for attrs in read.all("script")] == ["gallery.js"]
    assert [attrs["href"] for attrs in read.all("link")] == ["style.css"]
    assert not re.search(r"<style| style=| on\w+=", text) and page.MARK in text


def test_every_image_has_its_name_number_and_a_text(contents):
    read = Reader(page.render(contents))
    tiles = [attrs for attrs in read.all("a") if attrs.get("id", "").startswith("image-")]
    assert [tile["href"] for tile in tiles] == [f"images/image_{n:05d}.png" for n in (3, 9, 12)]
    assert [tile["data-said"] for tile in tiles] == [
        "seed 3, pug",
        "number 9, seed 40, class 2",
        "number 12",
    ]
    images = read.all("img")
    assert images[0]["alt"] == "Generated image, seed 3, pug" and images[2]["height"] == "48"
    assert read.sources("images/") == [tile["href"] for tile in tiles]
    unknown = Reader(page.render(contents._replace(generated=False)))
    assert "Image, number 12" in [attrs["alt"] for attrs in unknown.all("img")]


def test_every_image_but_the_large_one_waiting_has_an_alt_text(contents):
    images = Reader(page.render(contents)).all("img")
    assert [attrs for attrs in images if not attrs["alt"]] == [{"alt": ""}]


def test_every_text_is_escaped(contents):
    one = contents.board.ranked[0]._replace(name=EVIL, model=EVIL)
    evil = contents._replace(
        title=EVIL,
        lede=EVIL,
        choice=EVIL,
        exhibits=[Exhibit(1, 1, EVIL, 4, 4)],
        card=((EVIL, EVIL),),
        board=contents.board._replace(ranked=(one,), others=((one, EVIL),)),
        quiz=contents.quiz._replace(reals=EVIL),
        credits=(EVIL,),
        command=EVIL,
    )
    read = Reader(page.render(evil))
    assert len(read.all("script")) == 1 and read.text.count(EVIL) == 4 + 2 + 2 + 3 + 1 + 2


def test_every_number_says_what_it_takes_to_compare_it(contents):
    text = Reader(page.render(contents)).text
    assert "FID (Net)" in text and "20.25 ± 0.50" in text and "20 / 50" in text
    assert "Seen by Net, weights 0000000000000000, resized to 8 px by bilinear" in text
    assert "Scored in training, at 10 kimg" in text and "All alike" in text


def test_a_file_of_scores_stands_before_the_runs_own(contents):
    (own,) = contents.scored
    file = scored.Scored(own.evaluation.__class__(**{**vars(own.evaluation), "fakes": "/home/me/dogs.zip"}))
    text = page.render(contents._replace(scored=(file, own)))
    assert "What tfdogs.evaluate says of dogs.zip beside" in text and "/home" not in text
    assert text.index("tfdogs.evaluate says") < text.index("What it scored in training</summary>")
    assert Reader(text).open == []


def test_the_board(contents):
    text = page.render(contents)
    assert text.index("run1") < text.index("run2") < text.index("run3") and 'aria-current="true"' in text
    assert "it has not scored itself" in text
    nobody = contents.board._replace(ranked=())
    assert "No run can be ranked" in page.render(contents._replace(board=nobody))


def test_the_sheet_names_its_answers_and_its_files_do_not(contents):
    read = Reader(page.render(contents))
    assert "Real are 1." in read.text and "1 of these 2 are photographs (photographs)" in read.text
    assert read.sources("quiz/") == ["quiz/00.png", "quiz/01.png"]
    assert len(read.all("input")) == 2


def test_the_film_stands_still_for_those_who_wish(contents):
    read = Reader(page.render(contents))
    assert read.all("source")[0] == {"media": "(prefers-reduced-motion: reduce)", "srcset": "film.png"}
    assert "from 0 to 1,220 thousand images" in read.text and "50\xa0%" in read.text
    scores = Reader(page.render(contents._replace(probability=False))).text
    assert "mean score" in scores and "50\xa0%" not in scores


def test_what_is_not_there_is_left_out(contents):
    bare = contents._replace(card=(), scored=(), board=None, quiz=None, film=None)
    read = Reader(page.render(bare))
    assert not read.all("table") and not read.all("input") and not read.all("h2") and read.open == []


@pytest.mark.parametrize("side, size", [(64, "small"), (128, "large")])
def test_pixels_of_small_images_show(contents, side, size):
    images = [Exhibit(1, 1, "", side, side)]
    assert f'<body class="{size}">' in page.render(contents._replace(exhibits=images))
