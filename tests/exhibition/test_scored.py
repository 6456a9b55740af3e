import json

import pytest

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.exhibition import scored
from tfdogs.metrics.evaluation import Evaluation
from tfdogs.metrics.extractors.extractor import Stamp
from tfdogs.metrics.score import Score


@pytest.fixture
def evaluation():
    stamp = Stamp("net", "Net", "0" * 16, "bilinear", 8)
    return Evaluation(
        (Score("fid", "FID (Net)", 3.5, 0.1, "lower", 9, 8),), stamp, "fakes", "reals", 9, 8, alarms=("Oh.",)
    )


def test_a_file_of_evaluate_or_its_folder(tmp_path, evaluation):
    (tmp_path / "scores.json").write_text(json.dumps(evaluation.to_dict()))
    for path in (tmp_path, tmp_path / "scores.json"):
        assert scored.of_file(path) == scored.Scored(evaluation, None)


def test_other_files_are_refused(tmp_path, evaluation):
    for path, said in ((tmp_path / "no.json", "No such file"), (tmp_path, "No such file")):
        with pytest.raises(UsageError, match=said):
            scored.of_file(path)
    good = evaluation.to_dict()
    nine = {"fid": {**good["scores"]["fid"], "num_fakes": "nine"}}
    for values in ([], {}, {**good, "stamp": {}}, {**good, "scores": nine}, {**good, "scores": [1]}):
        (tmp_path / "scores.json").write_text(json.dumps(values))
        with pytest.raises(UsageError, match=r"must be a scores\.json of tfdogs\.evaluate") as caught:
            scored.of_file(tmp_path)
        assert "\n" not in str(caught.value)


def test_the_latest_evaluation_of_the_generator_that_draws(line):
    lines = [line(0.0, 9.0), line(10.0, 5.0), line(20.0, 4.0)]
    assert scored.of_run(lines, 15.5).kimg == 10.0 and scored.of_run(lines, 20.0).kimg == 20.0
    assert scored.of_run([], 3) is None and scored.of_run(lines[1:], 3) is None


def test_a_line_keeps_numbers_stamp_and_alarms(line):
    found = scored.of_line(line(10.0, 5.0, alarms=["All alike."])).evaluation
    fid, dogs = found["fid"], found["dog_score"]
    assert (fid.title, fid.value, fid.error, fid.num_fakes, fid.num_reals) == ("FID (Net)", 5.0, 0.5, 20, 50)
    assert (dogs.num_fakes, dogs.num_reals) == (20, 0)  # it looks at no real images
    assert found.stamp.label == "Net" and found.alarms == ("All alike.",)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_is_no_number_is_left_out(line, value):
    scores = {"fid": {"title": "FID", "value": value, "error": None, "better": "lower"}}
    assert "fid" not in scored.of_line(line(1.0, 2.0, scores=scores)).evaluation


@pytest.mark.parametrize("changes", [{"stamp": {"label": "Net"}}, {"num_fakes": "many"}, {"alarms": 3}])
def test_a_foreign_line_is_named(line, changes):
    with pytest.raises(TfdogsError, match=r"the line of kimg 1\.0 is foreign"):
        scored.of_line(line(1.0, 2.0, **changes))
