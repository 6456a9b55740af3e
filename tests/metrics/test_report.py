import base64
import dataclasses
import html.parser
import io
import re

import numpy as np
import pytest
from PIL import Image

from tfdogs.errors import TfdogsError
from tfdogs.metrics.evaluation import Nearest
from tfdogs.metrics.evaluator import Evaluator
from tfdogs.metrics.extraction import extract
from tfdogs.metrics.image_sets.arrays import Arrays
from tfdogs.metrics.reference import Reference
from tfdogs.metrics.report import render, write_report
from tfdogs.metrics.wording import BETTER, MEANINGS

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
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.text += data

    def all(self, tag, **wanted):
        found = [attrs for name, attrs in self.tags if name == tag]
        return [
            attrs for attrs in found if wanted.items() <= {k.strip("_"): v for k, v in attrs.items()}.items()
        ]

    def sections(self):
        return [attrs["aria-labelledby"] for attrs in self.all("section")]


def pixels(attrs):
    head, data = attrs["src"].split(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        return np.asarray(image)


@pytest.fixture(scope="module")
def sides(make_extractor):
    """(evaluation, fakes, reals): 40 noisy images beside 60, all metrics."""
    rng = np.random.default_rng(0)
    fakes = Arrays(rng.integers(0, 200, (40, 8, 8, 3), np.uint8), name="fakes of a test")
    reals = Arrays(rng.integers(0, 256, (60, 8, 8, 3), np.uint8), name="reals of a test")
    extractor = make_extractor()
    evaluation = Evaluator(extractor, Reference(extract(reals, extractor))).evaluate(
        extract(fakes, extractor)
    )
    return evaluation, fakes, reals


def history(evaluation, *values, **facts):
    """Lines as `tfdogs.training.callbacks.evaluate` writes them."""
    scores = [
        {
            "fid": {"title": "FID (Colours)", "value": value, "error": 2.0, "better": "lower"},
            "recall": {"title": "Recall (Colours)", "value": 1 / value, "error": None, "better": "higher"},
        }
        for value in values
    ]
    protocol = {"num_fakes": 40, "num_reals": 60, "stamp": evaluation.stamp.to_dict(), "alarms": []}
    return [{"kimg": 10.0 * i, "scores": one, **protocol, **facts} for i, one in enumerate(scores)]


def test_the_report_needs_nothing_else_and_shows_everything(sides, tmp_path):
    evaluation, fakes, reals = sides
    path = tmp_path / "report.html"
    marks = {"cats": {"fid": 80.0}, "floor": 2.5}
    lines = history(evaluation, 90.0, 60.0, 50.0)
    write_report(evaluation, path, fakes=fakes, reals=reals, history=lines, marks=marks)
    assert list(tmp_path.iterdir()) == [path]
    text = path.read_text(encoding="utf-8")
    read = Reader(text)
    assert read.open == []
    assert read.sections() == ["curves", "extremes", "neighbours", "breeds"]
    outside = re.sub(r"base64,[\w+/=]+", "", text)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|\$[a-z]", outside)
    assert not {"link", "iframe", "object"} & {tag for tag, _ in read.tags}
    policy = next(attrs["content"] for attrs in read.all("meta") if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "prefers-color-scheme: dark" in text
    assert "fakes of a test" in read.text and "reals of a test" in read.text
    assert "weights 0123456789abcdef" in read.text


def test_every_score_is_stamped_and_explained(sides):
    evaluation, _, _ = sides
    read = Reader(render(evaluation))
    assert len(evaluation.scores) > 12
    for score in evaluation.scores:
        assert (
            score.title in read.text
            and MEANINGS[score.name] in read.text
            and BETTER[score.better] in read.text
        )
    assert read.text.count("(Colours)") >= len(evaluation.scores)


def test_the_untrained_generator_is_a_line_of_the_curves(sides):
    evaluation, _, _ = sides
    lines = history(evaluation, 9.0, 8.0)
    lines[0]["kimg"] = 0.0
    assert "untrained" in Reader(render(evaluation, history=lines)).text
    lines[0]["kimg"] = 0.5
    assert "untrained" not in Reader(render(evaluation, history=lines)).text


def test_marks_stand_beside_the_scores_they_are_of(sides):
    text = Reader(
        render(sides[0], marks={"cats": {"kid": 0.25, "nothing": 1}, "floor": 2.5, "nought": None})
    ).text
    assert "cats 0.25" in text and "floor 2.5" in text and "nought" not in text
    fid, kid = text.index("FID (Colours)"), text.index("KID (Colours)")
    assert fid < text.index("floor 2.5") < kid < text.index("cats 0.25")


def test_best_and_worst_are_those_of_highest_and_lowest_realism(sides):
    evaluation, fakes, _ = sides
    realism = np.linspace(0, 2, 40)[np.random.default_rng(1).permutation(40)]
    read = Reader(render(dataclasses.replace(evaluation, realism=realism), fakes=fakes))
    images = read.all("img")
    assert len(images) == 2 * 14
    for attrs, row in zip(images, [*np.argsort(-realism)[:14], *np.argsort(realism)[:14]]):
        np.testing.assert_array_equal(pixels(attrs), fakes.image(row))
        assert attrs["alt"] == f"Generated image {row}, realism {realism[row]:.2f}"


def test_neighbours_stand_beside_their_fakes(sides):
    evaluation, fakes, reals = sides
    nearest = Nearest(np.r_[0.5, 0.1, np.full(38, 0.9)], np.r_[7, 9, np.full(38, 7)])
    read = Reader(render(dataclasses.replace(evaluation, nearest=nearest), fakes=fakes, reals=reals))
    images = [pixels(attrs) for attrs in read.all("img")[-4:]]
    for image, expected in zip(images, (fakes.image(1), reals.image(9), fakes.image(0), reals.image(7))):
        np.testing.assert_array_equal(image, expected)
    assert "d 0.100" in read.text and "d 0.500" in read.text and "d 0.900" not in read.text


def test_curves_have_the_runs_scores_marks_best_and_alarms(sides):
    evaluation, _, _ = sides
    lines = history(evaluation, 90.0, 60.0, 50.0, 55.0)
    lines[0]["best"] = lines[2]["best"] = True
    lines[3]["alarms"] = [EVIL]
    text = render(evaluation, history=lines, marks={"floor": 2.5})
    read = Reader(text)
    assert read.sections() == ["curves", "breeds"]
    assert len(read.all("svg")) == 2 and text.count('class="band"/>') == 0
    assert len(read.all("path", **{"class": "mark"})) == 3  # floor, and untrained in both charts
    assert len(read.all("path", **{"class": "band"})) == 1
    dots = [attrs for attrs in read.all("i") if "title" in attrs]
    assert [attrs["title"] for attrs in dots[:4]] == [
        "90.0 ± 2.0 at 0 kimg", "60.0 ± 2.0 at 10 kimg", "50.0 ± 2.0 at 20 kimg", "55.0 ± 2.0 at 30 kimg",
    ]  # fmt: skip
    assert [attrs.get("class") for attrs in dots[:4]] == [None, None, "best", "alarmed"]
    assert "Alarm at 30 kimg" in read.text and EVIL in read.text


def test_what_the_evaluations_say_of_the_reals_is_marked(sides):
    evaluation, _, _ = sides
    lines = history(evaluation, 90.0, 60.0, memorization={"natural_distance": 0.3})
    for line in lines:
        line["scores"]["memorization_distance"] = {"title": "d", "value": 0.5, "error": None, "better": ""}
    assert "unseen real images" in Reader(render(evaluation, history=lines)).text
    given = {"cats": {"memorization_distance": 0.4}}  # they say more than the run's own
    text = Reader(render(evaluation, history=lines, marks=given)).text
    assert "cats" in text and "unseen real images" not in text


@pytest.mark.parametrize("value, charts", [(50.0, 2), (500.0, 3)])
def test_a_mifid_that_repeats_the_fid_has_no_chart(sides, value, charts):
    lines = history(sides[0], 90.0, 50.0)
    for line, mifid in zip(lines, (90.0, value)):
        line["scores"]["mifid_public"] = {"title": "MiFID", "value": mifid, "error": None, "better": "lower"}
    assert len(Reader(render(sides[0], history=lines)).all("svg")) == charts


def test_history_of_another_protocol_is_left_out(sides):
    evaluation, _, _ = sides
    mixed = history(evaluation, 9.0, 8.0, num_fakes=10) + history(evaluation, 7.0)
    assert "curves" not in Reader(render(evaluation, history=mixed)).sections()
    other = history(evaluation, 9.0, 8.0, stamp={**evaluation.stamp.to_dict(), "weights": "other"})
    read = Reader(render(evaluation, history=other, marks={"floor": 2.5}))
    assert "curves" in read.sections() and "floor" not in read.text.split("Over training")[1]


def test_what_there_is_not_is_left_out(sides):
    evaluation, fakes, reals = sides
    bare = dataclasses.replace(evaluation, realism=None, nearest=None, breeds=None)
    for options in ({}, {"fakes": fakes, "reals": reals}, {"history": []}, {"marks": {}}):
        read = Reader(render(bare, **options))
        assert read.sections() == [] and not read.all("img")
    assert Reader(render(evaluation, fakes=fakes)).sections() == ["extremes", "breeds"]


def test_a_metric_that_was_left_out_is_named(sides):
    text = render(dataclasses.replace(sides[0], left_out={"kid": "too <few> images"}))
    assert "Left out: kid (too <few> images)." in Reader(text).text


def test_every_text_is_escaped(sides):
    evaluation, fakes, reals = sides
    evil = dataclasses.replace(
        evaluation,
        fakes=EVIL,
        reals=EVIL,
        stamp=dataclasses.replace(evaluation.stamp, label=EVIL, resizer=EVIL),
        scores=tuple(dataclasses.replace(score, title=EVIL, note=EVIL) for score in evaluation.scores),
        left_out={EVIL: EVIL},
        version=EVIL,
        breeds=evaluation.breeds._replace(counts={EVIL: 3}, missing=(EVIL,)),
    )
    lines = history(evaluation, 9.0, 8.0)
    for line in lines:
        line["scores"]["fid"]["title"] = EVIL
    read = Reader(render(evil, fakes=fakes, reals=reals, history=lines, marks={EVIL: 1.0}))
    assert len(read.all("script")) == 1 and read.open == []
    assert read.text.count(EVIL) >= 9 + 2 * len(evaluation.scores)


def test_breeds_have_bars_and_missing_ones_are_named(sides):
    evaluation, _, _ = sides
    counts = {f"breed {i:02d}": i for i in range(40)}
    breeds = evaluation.breeds._replace(counts=counts, missing=("breed 00",), entropy=3.0)
    read = Reader(render(dataclasses.replace(evaluation, breeds=breeds)))
    bars = [attrs["style"] for attrs in read.all("i") if "width" in attrs.get("style", "")]
    assert len(bars) == 30 and bars[0] == "width:100.0%"
    assert "39 of them appear, the 30 commonest of which are shown" in read.text
    assert "entropy is 3.00 of at most 3.69 nats" in read.text and "breed 00" in read.text


@pytest.mark.parametrize("shape", [(8, 8, 1), (300, 600, 3), (300, 200, 1)])
def test_grey_and_large_images(sides, shape):
    evaluation, _, reals = sides
    fakes = Arrays(np.random.default_rng(0).integers(0, 256, (40, *shape), np.uint8))
    for attrs in Reader(render(evaluation, fakes=fakes, reals=reals)).all("img")[:28]:
        assert max(pixels(attrs).shape[:2]) == min(max(shape), 256)


def test_equal_arguments_give_equal_text(sides):
    evaluation, fakes, reals = sides
    options = {"fakes": fakes, "reals": reals, "history": history(evaluation, 9.0, 8.0), "marks": {"m": 1.0}}
    assert render(evaluation, **options) == render(evaluation, **options)


def test_a_failure_leaves_the_report_that_was_there(sides, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("mine")

    class Unreadable(Arrays):
        def batches(self, batch_size=64, *, indices=None):
            raise TfdogsError("picture 3 cannot be read")

    with pytest.raises(TfdogsError, match="picture 3"):
        write_report(sides[0], path, fakes=Unreadable(np.zeros((40, 8, 8, 3), np.uint8)))
    assert path.read_text() == "mine" and list(tmp_path.iterdir()) == [path]
