import dataclasses
import json

import pytest

from tfdogs.classification.point import Point
from tfdogs.classification.results import Results, listed, of_some
from tfdogs.errors import TfdogsError

CURVE = ({"epoch": 0.0, "images": 0, "loss": None, "train": None, "real": 0.5, "synthetic": 0.5},)


def make(fraction, seed, real, synthetic=0.5):
    accuracy = {"real": real, "synthetic": synthetic}
    recall = {kind: [share, share] for kind, share in accuracy.items()}
    return Point(fraction, seed, accuracy, recall, CURVE, 1.5)


@pytest.fixture
def results(make_config):
    points = (make(0.0, 0, 0.98), make(0.0, 1, 0.96), make(0.85, 0, 0.97, 1.0), make(0.85, 1, 0.94, 1.0))
    return Results(make_config(), ("cat", "dog"), 2500, {"real": 1000, "synthetic": 1000}, points, "f" * 32)


def test_rows(results):
    first, second = results.rows
    assert first.seeds == (0, 1) and first.difference is None
    assert first.accuracy["real"].value == pytest.approx(0.97)
    assert first.accuracy["real"].half == pytest.approx(
        12.7062 * 0.01, rel=1e-4
    )  # t of one degree of freedom
    low, high = first.binomial["real"]
    assert low < 0.97 < high and high - low == pytest.approx(2 * 1.96 * (0.97 * 0.03 / 1000) ** 0.5, rel=0.02)
    assert second.accuracy["synthetic"] == (1.0, 0.0)
    assert second.difference.value == pytest.approx(-0.015)
    assert second.difference.half == pytest.approx(12.7062 * 0.005, rel=1e-4)


def test_table(results):
    lines = results.table().splitlines()
    assert lines[0].split("  ")[0] == "synthetic" and len(set(map(len, lines[:1]))) == 1
    assert "0 %" in lines[1] and "97.00 ± 12.71 %" in lines[1]
    assert "85 %" in lines[2] and "100.00 ± 0.00 %" in lines[2] and lines[2].endswith("-1.50 ± 6.35 %")
    text = "\n".join(lines)
    assert "2,500 images a class (cat, dog)" in text and "95 % Student t interval" in text
    assert "only 1,000 real test images" in text and "95 % Wilson interval" in text


def test_of_some_classes(results, make_config):
    assert "synthetic_classes" in results.to_dict() and results.of_mixed == ""
    assert not any("Only images of" in note for note in results.notes())
    config = make_config(fakes="cat=x", synthetic_classes="cat")
    some = dataclasses.replace(results, config=config)
    assert some.mixed == ("cat",) and some.to_dict()["synthetic_classes"] == ["cat"]
    lines = some.table().splitlines()
    assert "on synthetic test images of cat" in lines[0] and lines[2].startswith("85 % of cat ")
    text = "\n".join(some.notes())
    assert text.startswith(
        "Only images of cat are generated, to train on (the share is of theirs) and to test"
    )
    assert "How often another class is taken for cat, too, only real test images show." in text


def test_phrases_of_names():
    assert listed(["a"]) == "a" and listed("abc") == "a, b and c" and listed(range(9)) == "9 classes"
    assert of_some(["a", "b"], "abc") == " of a and b"
    assert of_some("abc", "abc") == of_some([], "abc") == ""


def test_a_single_seed_has_no_interval(results, make_config):
    alone = Results(make_config(), ("a", "b"), 9, {"real": 4}, (make(0.5, 0, 0.75),), "f")
    assert alone.rows[0].accuracy["real"] == (0.75, None) and alone.rows[0].difference is None
    assert "75.00 %" in alone.table() and "75.00 ±" not in alone.table()


def test_json(results, tmp_path):
    results.save(tmp_path / "results.json")
    found = json.loads((tmp_path / "results.json").read_text())
    assert found["config"]["epochs"] == 2 and found["classes"] == ["cat", "dog"]
    assert found["rows"][1]["accuracy"]["synthetic"] == {"value": 1.0, "half": 0.0}
    assert found["points"][0]["curve"] == list(CURVE)


def test_points_are_kept_whole(tmp_path):
    point = make(0.85, 3, 0.9)
    assert Point.load(tmp_path, 0.85, 3) is None
    point.save(tmp_path)
    assert Point.load(tmp_path, 0.85, 3) == point
    (path,) = (tmp_path / "points").iterdir()
    assert path.name == "0.85-seed3.json"
    path.write_text("{")
    with pytest.raises(TfdogsError, match=r"0.85-seed3.json is damaged .* remove it"):
        Point.load(tmp_path, 0.85, 3)
