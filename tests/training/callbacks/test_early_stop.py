import types

import pytest

from tfdogs.training.callbacks.early_stop import EarlyStop


def history(*values, **facts):
    return [
        {
            "kimg": float(i),
            "scores": {"fid": {"value": value, "error": 1.0, "better": "lower"}},
            "alarms": [],
            **facts,
        }
        for i, value in enumerate(values)
    ]


def stops(patience, lines):
    model = types.SimpleNamespace(stop_training=False)
    EarlyStop("fid", patience).on_evaluation(0.0, None, lines, model=model, fakes=None)
    return model.stop_training


@pytest.mark.parametrize(
    "values, patience, expected",
    [
        ((50,), 1, False),
        ((50, 40), 1, False),
        ((50, 49), 1, True),  # better by less than its error
        ((50, 60, 70), 2, True),
        ((50, 60, 40), 2, False),
        ((50, 60, 40, 39, 39.5), 2, True),
        ((50, 60, 40, 39, 39.5), 3, False),
        ((50, 49.2, 48.4, 47.6), 3, False),  # little by little, and past the best by more than the error
    ],
)
def test_stops_after_so_many_without_improvement(values, patience, expected):
    assert stops(patience, history(*values)) is expected


def test_the_reason_names_the_best():
    assert EarlyStop("fid", 2).reason(history(50, 40, 41, 42)) == (
        "fid has not improved since kimg 1, in 2 evaluations"
    )


def test_an_evaluation_at_the_end_of_an_earlier_fit_does_not_count():
    lines = history(50, 60, 60)
    lines[1]["at_end"] = True
    assert not stops(2, lines) and stops(1, lines)


def test_another_extractor_begins_anew():
    lines = history(50, 60, 60, stamp="a") + history(90, 91, stamp="b")
    assert not stops(2, lines) and stops(1, lines)


def test_lines_of_another_protocol_do_not_count_wherever_they_are():
    lines = history(50, stamp="a") + history(9, 8, stamp="b") + history(60, stamp="a")
    assert not stops(2, lines) and stops(1, lines)


def test_lines_without_the_score_do_not_count():
    lines = history(50, 60)
    lines[1:1] = history(1, 2, scores={})
    assert not stops(2, lines) and stops(1, lines)
    assert stops(1, lines + history(1, scores={}))


def test_an_evaluation_with_an_alarm_is_no_improvement():
    lines = history(50, 10, 45)
    lines[1]["alarms"] = ["it copies"]
    assert not stops(1, lines) and not stops(1, lines[:1]) and stops(1, lines[:2])


def test_without_the_score_there_is_no_reason():
    assert not stops(1, history(1, 2, 3, scores={}))
    assert not stops(1, [])


def test_patience_must_be_positive():
    with pytest.raises(ValueError, match="patience must be at least 1"):
        EarlyStop("fid", 0)
