"""Earlier evaluations as marks."""

import dataclasses
import json

import pytest

from tfdogs.errors import UsageError
from tfdogs.metrics import marks
from tfdogs.metrics.config import EvaluateConfig
from tfdogs.metrics.evaluation import Evaluation
from tfdogs.metrics.extractors.extractor import Stamp
from tfdogs.metrics.score import Score

STAMP = Stamp("net", "Net", "0" * 16, "bilinear", 8)
SCORES = tuple(
    Score(name=name, title=name, value=value, error=None, better="lower", num_fakes=9, num_reals=8)
    for name, value in (("fid", 80.5), ("kid", 0.25))
)
EVALUATION = Evaluation(scores=SCORES, stamp=STAMP, fakes="cats", reals="dogs", num_fakes=9, num_reals=8)


def test_names_and_paths():
    assert marks.parse("cats=a.json, real dogs = b/c=d.json") == {"cats": "a.json", "real dogs": "b/c=d.json"}
    for text in ("cats", "cats=", "=a.json", "a=1.json,", "a=1.json,a=2.json"):
        with pytest.raises(ValueError, match=r"must be NAME=FILE\.json"):
            marks.parse(text)


def test_scores_are_read_back(tmp_path):
    path = tmp_path / "cats.json"
    path.write_text(json.dumps(EVALUATION.to_dict()))
    assert marks.load({"cats": path}, EVALUATION) == {"cats": {"fid": 80.5, "kid": 0.25}}


@pytest.mark.parametrize(
    "change", [{"num_fakes": 10}, {"num_reals": 9}, {"stamp": dataclasses.replace(STAMP, weights="1" * 16)}]
)
def test_what_was_made_in_another_way_is_refused(tmp_path, change):
    path = tmp_path / "cats.json"
    path.write_text(json.dumps(dataclasses.replace(EVALUATION, **change).to_dict()))
    with pytest.raises(UsageError, match=r"cats\.json cannot be compared: it is of .* this is of 9 fakes"):
        marks.load({"cats": path}, EVALUATION)


DRAWN = "run at 2 kimg, seeds 0 to 8"


@pytest.mark.parametrize(
    ("theirs", "fakes", "refused"),
    [("data", DRAWN, False), ("uniform", DRAWN, True), ("", "cats", False), (None, "cats", False),
     (None, DRAWN, True)],
)  # fmt: skip
def test_classes_in_turn_do_not_stand_beside_the_datas(tmp_path, theirs, fakes, refused):
    path, ours = tmp_path / "other.json", dataclasses.replace(EVALUATION, labels="data")
    values = dataclasses.replace(EVALUATION, fakes=fakes, labels=theirs or "").to_dict()
    assert {score["labels"] for score in values["scores"].values()} == {theirs or ""}
    if theirs is None:  # a file of an earlier version
        del values["labels"]
    path.write_text(json.dumps(values))
    if refused:
        with pytest.raises(UsageError, match=r"is of 9 fakes of classes in turn, .* as in the data, 8 reals"):
            marks.load({"other": path}, ours)
    else:
        assert set(marks.load({"other": path}, ours)) == {"other"}
    assert set(marks.load({"other": path}, dataclasses.replace(ours, labels=""))) == {"other"}


@pytest.mark.parametrize("text", ["", "[]", "{}", "no JSON", None])
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "other.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=r"^--marks: .*other\.json"):
        marks.load({"cats": path}, EVALUATION)


@pytest.mark.parametrize(
    ("given", "output"), [("cats", "report"), ("cats=a.json", "a.json"), ("cats=a.json", "")]
)
def test_flags_are_checked(given, output):
    with pytest.raises(UsageError, match=r"^--marks "):
        EvaluateConfig(fakes="x", reals="y", marks=given, output=output)
