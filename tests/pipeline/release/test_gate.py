from types import SimpleNamespace

import pytest

from pipeline.release import gate
from tfdogs.metrics.score import Score


def evaluation(*, fid=100.0, fid_error=3.0, d=0.3, dogs=0.5, dogs_error=0.01, alarms=(), left_out=None):
    scores = []
    for name, value, error in (
        ("fid", fid, fid_error),
        ("memorization_distance", d, None),
        ("dog_score", dogs, dogs_error),
    ):
        if value is not None:
            scores.append(Score(name, name, value, error, "", 10, 10))
    return SimpleNamespace(scores=tuple(scores), alarms=alarms, left_out=left_out or {})


def limits(**changes):
    return {"max_fid": 0.0, "min_d": 0.0, "min_dog_score": 0.0, **changes}


def verdicts(checks):
    return {check.score: check.passed for check in checks}


def test_zero_is_no_limit():
    assert gate.against_thresholds(evaluation(), **limits()) == []


@pytest.mark.parametrize(
    ("limit", "passed"),
    [
        ({"max_fid": 100.0}, True),
        ({"max_fid": 99.9}, False),
        ({"min_d": 0.3}, True),
        ({"min_d": 0.31}, False),
        ({"min_dog_score": 0.5}, True),
        ({"min_dog_score": 0.51}, False),
    ],
)
def test_limits_are_kept_or_broken(limit, passed):
    (check,) = gate.against_thresholds(evaluation(), **limits(**limit))
    assert check.passed is passed
    assert ("is not" in gate.sentence(check)) is not passed


def test_a_sentence_names_score_value_and_limit():
    (check,) = gate.against_thresholds(evaluation(), **limits(max_fid=80))
    assert gate.sentence(check) == "FID 100.0 ± 3.0 is not at most 80"


def test_a_score_that_is_missing_breaks_its_limit():
    (check,) = gate.against_thresholds(
        evaluation(dogs=None, left_out={"dog_score": "needs ImageNet's classes"}), **limits(min_dog_score=0.1)
    )
    assert not check.passed and "needs ImageNet's classes" in gate.sentence(check)


def test_alarms_are_broken_rules():
    (check,) = gate.against_alarms(evaluation(alarms=("the fakes have collapsed",)))
    assert not check.passed and gate.sentence(check) == "the fakes have collapsed"
    assert gate.against_alarms(evaluation()) == []


@pytest.mark.parametrize(
    ("change", "passed"),
    [
        ({}, {}),
        ({"fid": 110.0}, {"FID": False}),  # 2 * hypot(3, 4) = 10 is the slack of FID
        ({"fid": 109.9}, {}),
        ({"fid": 50.0}, {}),
        ({"dogs": 0.45}, {"dog score": False}),
        ({"dogs": 0.9}, {}),
        ({"d": 0.0}, {"d": False}),
        ({"d": 0.249}, {"d": False}),  # where MiFID's penalty begins
        ({"d": 0.251}, {}),
        ({"d": 0.9}, {}),
    ],
)
def test_a_model_must_not_be_worse_than_the_last_by_more_than_chance(change, passed):
    before = evaluation(fid=99.99, fid_error=4.0)
    found = verdicts(gate.against_baseline(evaluation(**change), before, worse_by=2.0))
    assert found == {"FID": True, "d": True, "dog score": True, **passed}


@pytest.mark.parametrize(("name", "left"), [("dogs", {"FID", "d"}), ("d", {"FID", "dog score"})])
def test_a_score_that_either_lacks_is_not_compared(name, left):
    for new, old in (({name: None}, {}), ({}, {name: None})):
        assert (
            set(verdicts(gate.against_baseline(evaluation(**new), evaluation(**old), worse_by=2.0))) == left
        )


@pytest.mark.parametrize(("old", "limit"), [(0.5, "0.250"), (0.26, "0.234"), (0.2, "0.180")])
def test_d_may_fall_to_where_copies_begin_or_by_a_tenth(old, limit):
    checks = gate.against_baseline(evaluation(d=0.1), evaluation(d=old), worse_by=1000.0)
    (check,) = [check for check in checks if check.score == "d"]
    assert gate.sentence(check) == f"d 0.100 is not at least {limit} (last blessed model: {old:.3f})"


def test_without_errors_nothing_worse_is_let_pass():
    before = evaluation(fid=100.0, fid_error=None)
    checks = gate.against_baseline(evaluation(fid=100.01, fid_error=None), before, worse_by=2.0)
    assert verdicts(checks)["FID"] is False and "last blessed model: 100" in checks[0].rule


def test_the_verdict_names_what_decides():
    alarmed, good = evaluation(fid=90.0, alarms=("the fakes have collapsed",)), evaluation(fid=90.0)
    rules = {"worse_by": 2.0, **limits(max_fid=95.0, min_d=0.4)}
    blessed, reasons = gate.verdict(gate.checks(alarmed, None, allow_alarms=False, **rules))
    assert not blessed and reasons == ["d 0.300 is not at least 0.4", "the fakes have collapsed"]
    _, reasons = gate.verdict(gate.checks(alarmed, None, allow_alarms=True, **rules))
    assert reasons == ["d 0.300 is not at least 0.4"]
    rules = {"worse_by": 2.0, **limits(max_fid=95.0)}
    blessed, reasons = gate.verdict(gate.checks(good, evaluation(), allow_alarms=False, **rules))
    assert blessed and len(reasons) == 4 and reasons[0] == "FID 90.0 ± 3.0 is at most 95"
    blessed, reasons = gate.verdict(gate.checks(good, None, allow_alarms=False, worse_by=2.0, **limits()))
    assert blessed and reasons == ["no limit is set, and no model was blessed before"]
