"""Worker processes: one picture's way, order, deaths, and what they must not import."""

import io
import math
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageOps

from tfdogs.data import worker
from tfdogs.data.prepare_config import PrepareConfig
from tfdogs.data.sources.base import Box, Item, Source
from tfdogs.data.worker import treat, treat_all
from tfdogs.errors import TfdogsError

# Worker processes import their source by name, which modules of tests do not have.
DEADLY = """
import os
from PIL import Image
from tfdogs.data.sources.base import Item, Source

class DeadlySource(Source):
    def __init__(self, count, deadly):
        self.count, self.deadly = count, deadly
    def items(self):
        return (Item(f"{i:03d}", None, i) for i in range(self.count))
    def load(self, item):
        if item.ref in self.deadly:
            os._exit(9)
        return Image.linear_gradient("L").rotate(item.ref).convert("RGB")
"""


class OneSource(Source):
    """One picture, always the same."""

    def __init__(self, picture):
        self.picture = picture

    def items(self):
        yield Item("only", None, None)

    def load(self, item):
        if isinstance(self.picture, Exception):
            raise self.picture
        return self.picture


def config(**changes):
    values = {"images": "x", "output_dir": "y", "channels": 3, "checks": "none", "min_side": 8, "workers": 1}
    return PrepareConfig(**{**values, **changes})


def picture(width=100, height=60):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


@pytest.fixture
def deadly(tmp_path, monkeypatch):
    (tmp_path / "deadly_source.py").write_text(DEADLY)
    monkeypatch.syspath_prepend(tmp_path)
    from deadly_source import DeadlySource

    yield DeadlySource
    sys.modules.pop("deadly_source")


def treat_one(image, changes=None, **fields):
    return treat(OneSource(image), config(**changes or {}), Item("x", None, None, **fields))


def reasons(outcome):
    return [finding.reason for finding in outcome.findings]


def test_a_picture_without_boxes_is_cropped_as_a_whole():
    outcome = treat_one(picture())
    (crop,) = outcome.crops
    assert crop.rectangle == Box(20, 0, 80, 60) and not outcome.findings
    assert len(outcome.digest) == len(crop.digest) == 16


def test_boxes_are_scaled_from_their_frame():
    outcome = treat_one(picture(), boxes=(Box(0, 0, 250, 300),), frame=(500, 600))
    assert outcome.crops[0].rectangle == Box(0, 0, 50, 50)._replace(left=0, right=50)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [64, 32])
def test_a_box_on_stored_pixels_is_cut_and_then_turned(orientation, size):
    rng = np.random.default_rng(0)
    upright = Image.fromarray(rng.integers(0, 256, (6, 5, 3), np.uint8)).resize((100, 120))
    undone = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that is undone
    stored = upright if orientation == 1 else upright.transpose(undone[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    stored.save(buffer, "PNG", exif=exif)
    box = Box(20, 30, 80, 90)
    outcome = treat_one(buffer.getvalue(), {"image_size": size}, boxes=(box,), frame=stored.size)
    (crop,) = outcome.crops
    assert crop.rectangle == box, "in pixels of the stored picture"
    cut_out = stored.resize((size, size), Image.Resampling.LANCZOS, box=tuple(box))
    expected = ImageOps.exif_transpose(_with_tag(cut_out, orientation))
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(crop.png))), np.asarray(expected))
    whole = treat_one(upright, boxes=(Box(0, 0, 100, 120),))
    assert outcome.hash == whole.hash, "twins are found in whatever way they are stored"


def _with_tag(image, orientation):
    image.getexif()[0x0112] = orientation
    return image


def test_every_box_ends_as_a_crop_or_a_finding():
    boxes = (Box(0, 0, 40, 40), Box(1, 1, 40, 40), Box(100, 0, 120, 20), Box(60, 20, 63, 23))
    outcome = treat_one(picture(), {"checks": "basic"}, boxes=boxes)
    assert [crop.rectangle for crop in outcome.crops] == [Box(0, 0, 40, 40)]
    assert reasons(outcome) == ["repeated_box", "box_outside", "too_small"]
    assert [finding.crop for finding in outcome.findings] == list(boxes[1:])
    assert [finding.detail for finding in outcome.findings] == [
        "object 2 is round the same dog as an earlier one",
        "object 3 lies outside of the picture of 100 x 60: is it another's?",
        "under --min_side=8",
    ]


def test_a_narrower_crop_is_tried_where_another_dog_is_in_the_way():
    # The square round the tall dog is mostly of the one that lies before it; its upper part is not.
    tall, lying = Box(60, 0, 100, 120), Box(0, 40, 200, 120)
    found = treat_one(picture(240, 120), {"checks": "basic", "max_other": 0.65}, boxes=(tall, lying))
    assert not found.findings
    # Between the box's shorter and longer side, at the dog's head.
    assert Box(40, 0, 120, 80) in [crop.rectangle for crop in found.crops]


def test_a_long_dog_gives_a_narrower_crop():
    outcome = treat_one(picture(150, 160), {"checks": "basic", "min_side": 40}, boxes=(Box(30, 10, 60, 150),))
    assert [crop.rectangle for crop in outcome.crops] == [Box(0, 10, 90, 100)] and not outcome.findings
    outcome = treat_one(picture(150, 160), {"checks": "basic", "min_side": 60}, boxes=(Box(30, 10, 60, 150),))
    assert not outcome.crops and reasons(outcome) == ["extreme_aspect"]


def test_of_two_dogs_that_cover_each_other_one_is_kept():
    boxes = (Box(0, 0, 60, 60), Box(10, 0, 70, 55))
    outcome = treat_one(picture(), {"checks": "basic"}, boxes=boxes)
    assert [crop.rectangle for crop in outcome.crops] == [Box(0, 0, 60, 60)]
    (finding,) = outcome.findings
    assert finding.reason == "repeated_crop" and 0.7 < finding.measure < 0.8 and finding.detail
    (image,) = outcome.images
    assert Image.open(io.BytesIO(image)).size == (112, 112)


def test_of_two_small_dogs_that_cover_each_other_one_is_kept():
    boxes = (Box(0, 0, 20, 20), Box(4, 0, 24, 18))
    outcome = treat_one(picture(), {"checks": "basic", "min_side": 16}, boxes=boxes)
    assert len(outcome.crops) == 1 and reasons(outcome) == ["repeated_crop"]


def test_a_dog_before_another_is_not_in_its_way():
    outcome = treat_one(picture(), {"checks": "basic"}, boxes=(Box(0, 0, 60, 60), Box(20, 20, 40, 40)))
    assert len(outcome.crops) == 2 and not outcome.findings


@pytest.mark.parametrize(("min_side", "kept"), [(16, 2), (25, 1)])
def test_a_large_dog_in_anothers_way_is_kept_a_small_one_is_not(min_side, kept):
    boxes = (Box(0, 0, 90, 100), Box(58, 30, 94, 66))
    outcome = treat_one(picture(160, 100), {"checks": "basic", "min_side": min_side}, boxes=boxes)
    assert len(outcome.crops) == kept
    assert reasons(outcome) == ["other_dog"] * (2 - kept)


def test_a_box_that_is_none_costs_no_good_one():
    boxes = (Box(0, 0, 40, 40), Box(50, 0, 40, 20), Box(math.nan, 0, 9, 9), Box(60, 20, 90, 50))
    outcome = treat_one(picture(), boxes=boxes)
    assert [crop.rectangle for crop in outcome.crops] == [boxes[0], boxes[3]]
    assert reasons(outcome) == ["bad_box"] * 2
    assert outcome.findings[0].detail.startswith("object 2: the corners of the box are swapped")
    assert outcome.findings[1].detail.startswith("object 3: a coordinate of the box is missing")


def test_center_ignores_boxes():
    outcome = treat_one(picture(), {"crop": "center"}, boxes=(Box(900, 0, 950, 20),))
    assert [crop.rectangle for crop in outcome.crops] == [Box(20, 0, 80, 60)]


@pytest.mark.parametrize(
    ("image", "fields", "reason"),
    [
        (picture(), {"problem": "unsafe_path"}, "unsafe_path"),
        (picture(), {"boxes": ()}, "no_annotation"),
        (b"", {}, "unreadable"),
        (OSError("gone"), {}, "unreadable"),
        (KeyError("gone"), {}, "unreadable"),
    ],
)
def test_a_lost_picture_has_one_finding(image, fields, reason):
    outcome = treat_one(image, **fields)
    assert not outcome.crops and reasons(outcome) == [reason] and outcome.findings[0].crop is None


def test_results_come_in_order(deadly, monkeypatch):
    monkeypatch.setattr(worker, "CHUNK", 3)
    outcomes = list(treat_all(deadly(40, ()), config(workers=2)))
    assert [item.ref for item, _ in outcomes] == list(range(40))
    assert all(len(outcome.crops) == 1 for _, outcome in outcomes)


def test_a_picture_that_kills_its_worker_is_found(deadly, monkeypatch):
    monkeypatch.setattr(worker, "CHUNK", 4)
    outcomes = {item.ref: outcome for item, outcome in treat_all(deadly(20, (5, 13)), config(workers=2))}
    assert sorted(outcomes) == list(range(20))
    assert [ref for ref, outcome in outcomes.items() if not outcome.crops] == [5, 13]
    assert reasons(outcomes[5]) == reasons(outcomes[13]) == ["crashed_decoder"]
    assert "memory is short" in outcomes[5].findings[0].detail


@pytest.mark.parametrize("workers", [1, 2])
def test_only_the_killers_are_rejected(deadly, monkeypatch, workers):
    monkeypatch.setattr(worker, "CHUNK", 3)
    # The later ones come up in chunks that are begun while the pictures beside the first are tried singly.
    killers = [1, 12, 24, 30]
    outcomes = {
        item.ref: outcome for item, outcome in treat_all(deadly(36, killers), config(workers=workers))
    }
    assert list(outcomes) == list(range(36))
    assert [ref for ref, outcome in outcomes.items() if not outcome.crops] == killers
    assert all(reasons(outcomes[ref]) == ["crashed_decoder"] for ref in killers)


def test_workers_that_die_on_everything_end_the_work(deadly):
    with pytest.raises(TfdogsError, match=r"worker processes die on every picture .* 000, 001, 002"):
        list(treat_all(deadly(4, range(4)), config()))


def test_workers_do_not_import_tensorflow():
    modules = "tfdogs.prepare, tfdogs.data.worker, tfdogs.data.prepare_config, tfdogs.data.sources.open"
    code = f"import sys, {modules}; print([m for m in ('tensorflow', 'keras', 'scipy') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
