"""An evaluator does no work twice, none in vain, and says what takes long."""

import functools
import time

import numpy as np
import pytest

from tfdogs.errors import UsageError
from tfdogs.metrics import comparison, evaluator, scores, steps
from tfdogs.metrics.dogs import breed_histogram
from tfdogs.metrics.evaluator import Evaluator
from tfdogs.metrics.extraction import extract
from tfdogs.metrics.fid_error import fid_error
from tfdogs.metrics.fid_infinity import fid_infinity
from tfdogs.metrics.image_sets import Arrays
from tfdogs.metrics.reference import Reference


def images(count, seed=0):
    return Arrays(np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), np.uint8), name="noise")


@pytest.fixture
def reals(extractor):
    return Reference(extract(images(60), extractor))


@pytest.fixture
def fakes(extractor):
    return extract(images(50, seed=1), extractor)


def test_what_a_score_took_is_not_thrown_away(extractor, reals, fakes):
    evaluator = Evaluator(extractor, reals, metrics=["mifid", "breeds"], bootstrap=0, per_image=False)
    evaluation = evaluator.evaluate(fakes)
    assert evaluation.nearest.distances.mean() == pytest.approx(evaluation["memorization_distance"].value)
    assert evaluation.realism is None and evaluation.breeds == breed_histogram(fakes.probabilities)


def test_errors_and_extrapolation_leave_fakes_out_once(extractor, reals, monkeypatch):
    done, count = [], comparison.left_out
    monkeypatch.setattr(comparison, "left_out", lambda *args: done.append(1) or count(*args))
    both = comparison.Comparison(extract(images(160, seed=1), extractor), reals, seed=3)
    (fid,), (infinity,) = (scores.METRICS[name].compute(both) for name in ("fid", "fid_infinity"))
    assert len(done) == 1
    pair = both.fakes.pool, reals.gaussian
    assert fid.error == fid_error(*pair, seed=3)
    assert (infinity.value, infinity.error) == tuple(fid_infinity(*pair, seed=3))


def test_from_arrays_to_a_table_in_one_call(extractor, reals, fakes):
    real, fake = (np.concatenate(list(s.image_set.batches())) for s in (reals.features, fakes))
    expected = Evaluator(extractor, reals).evaluate(fakes)
    for side in (real, reals.features, reals.features.image_set):
        assert Evaluator(extractor, side).evaluate(fake).scores == expected.scores
    with pytest.raises(UsageError, match="uint8"):
        Evaluator(extractor, real.astype(np.float32))


def test_one_round_of_the_bootstrap_is_refused_and_does_not_cost_the_fid(extractor, reals):
    for rounds in (1, -1):
        with pytest.raises(UsageError, match=f"must be 0, or at least 2 rounds. Received: {rounds}"):
            Evaluator(extractor, reals, bootstrap=rounds)


def test_steps_that_take_long_are_told(extractor, reals, fakes, monkeypatch, capsys):
    def slowly(both):
        time.sleep(0.2)
        return []

    monkeypatch.setattr(evaluator, "slow", functools.partial(steps.slow, seconds=0.02))
    monkeypatch.setitem(scores.METRICS, "kid", scores.Metric(slowly))
    for verbose in (True, False):
        options = {"metrics": ["fid", "kid"], "per_image": False, "bootstrap": 0}
        Evaluator(extractor, reals, verbose=verbose, **options).evaluate(fakes)
        told = capsys.readouterr().err.splitlines()
        assert ("scoring: kid" in told) == verbose
    with steps.slow("nothing"):
        pass
    assert not capsys.readouterr().err


def test_a_metric_that_the_extractor_lacks_is_refused_before_the_reals_are_gone_through(make_extractor):
    extractor = make_extractor(num_classes=0)
    with pytest.raises(UsageError, match=r"the metric dog_score needs .* Received: fid, dog_score"):
        Evaluator(extractor, images(60), metrics=["fid", "dog_score"])
    assert extractor.calls == 0
