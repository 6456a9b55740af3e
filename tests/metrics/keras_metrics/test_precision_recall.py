import numpy as np
import pytest

from tfdogs.metrics import PrecisionRecall, precision_recall


def test_reals_known_beforehand(features):
    reals, fakes = features()
    metric = PrecisionRecall(reference=reals, k=2, capacity=60)
    metric.update_state(None, fakes[:30])
    metric.update_state(None, fakes[30:])
    result = metric.result()
    assert (float(result["precision"]), float(result["recall"])) == precision_recall(reals, fakes, k=2)


def test_no_more_than_k_images(features):
    reals, fakes = features(4)
    metric = PrecisionRecall(8, capacity=10)
    metric.update_state(reals[:3], fakes[:3])
    assert np.isnan(float(metric.result()["precision"]))
    metric.update_state(reals[3:], fakes[3:])
    assert 0 <= float(metric.result()["precision"]) <= 1


def test_more_than_the_capacity_are_sampled(features):
    reals, fakes = features(600)
    metric = PrecisionRecall(8, capacity=200)
    for start in range(0, 600, 50):
        metric.update_state(reals[start : start + 50], fakes[start : start + 50])
    result, expected = metric.result(), precision_recall(reals[:200], fakes[:200])
    assert float(result["precision"]) == pytest.approx(expected.precision, abs=0.1)
    assert float(result["recall"]) == pytest.approx(expected.recall, abs=0.1)
