import types

import pytest

from tfdogs.training.callbacks.agreement import Agreement
from tfdogs.training.callbacks.deferred import Deferred
from tfdogs.training.callbacks.stop import Stop


class Company:
    """Workers of which the others say what they are told to say."""

    def __init__(self, *others):
        self.others = others
        self.heard = []

    def any(self, *flags):
        self.heard.append(list(flags))
        return [bool(flag or other) for flag, other in zip(flags, self.others)]


def make(others, *, reason=None, ends=False):
    stop, company = Stop(), Company(*others)
    stop.reason = reason
    agreement = Agreement(company, stop)
    agreement.set_model(types.SimpleNamespace(stop_training=ends))
    agreement.on_train_batch_end(0)
    return agreement.model, stop, company


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ((1, 0, 0, 0, 0), "time"),
        ((0, 1, 0, 0, 1), "SIGTERM"),
        ((0, 0, 1, 0, 0), "SIGINT"),
        ((0, 0, 0, 1, 0), "SIGHUP"),
        ((0, 0, 0, 0, 1), None),
    ],
)
def test_what_another_worker_decides_ends_this_one(others, reason):
    model, stop, company = make(others)
    assert model.stop_training is True and stop.reason == reason
    assert company.heard == [[False] * 5]


def test_nothing_to_agree_upon_goes_on():
    model, stop, _ = make((0, 0, 0, 0, 0))
    assert model.stop_training is False and stop.reason is None


def test_the_others_are_told():
    assert make((0, 0, 0, 0, 0), reason="SIGTERM", ends=True)[2].heard == [[False, True, False, False, True]]
    assert make((0, 0, 0, 0, 0), ends=True)[0].stop_training is True


def test_ones_own_reason_stays():
    assert make((1, 0, 0, 0, 0), reason="SIGINT")[1].reason == "SIGINT"


def test_a_signal_that_comes_while_they_agree_is_told_after_the_next_step():
    stop, company = Stop(), Company(0, 0, 0, 0, 0)
    agreement = Agreement(company, stop)
    agreement.set_model(types.SimpleNamespace(stop_training=False))
    company.any = lambda *flags: setattr(stop, "reason", "SIGTERM") or [False] * 5
    agreement.on_train_batch_end(0)
    assert stop.reason == "SIGTERM" and agreement.model.stop_training is False


def test_a_deferred_error_ends_fit_and_is_kept():
    import keras

    class Failing(keras.callbacks.Callback):
        calls = 0

        def on_train_batch_end(self, batch, logs=None):
            self.calls += 1
            raise OSError(28, "No space left on device")

    failing = Failing()
    deferred = Deferred(failing)
    deferred.set_model(types.SimpleNamespace(stop_training=False))
    deferred.on_train_begin()
    assert deferred.error is None and failing.model is deferred.model
    for batch in (0, 1):
        deferred.on_train_batch_end(batch)
    deferred.on_train_end()
    assert deferred.error.errno == 28 and failing.calls == 1 and deferred.model.stop_training is True
