import numpy as np
import pytest

from tfdogs.metrics import FID, Moments, frechet_distance


@pytest.mark.parametrize("form", [np.asarray, Moments.from_features])
def test_reals_known_beforehand(form, features):
    reals, fakes = features()
    metric, other = FID(reference=form(reals)), FID(reference=form(reals))
    metric.update_state(None, fakes[:20])
    metric.update_state(np.zeros((3, 1)), fakes[20:40])  # whatever the reals of a batch are
    other.update_state(None, fakes[40:])
    metric.merge_state([other])
    assert float(metric.result()) == pytest.approx(frechet_distance(reals, fakes), rel=1e-9)


def test_more_of_one_side_than_of_the_other(features):
    reals, fakes = features(100)
    metric = FID(8)
    metric.update_state(reals[:90], fakes[:3])
    metric.update_state(reals[90:], fakes[3:50])
    assert float(metric.result()) == pytest.approx(frechet_distance(reals, fakes[:50]), rel=1e-9)


def test_a_large_mean_costs_no_digits(features):
    reals, fakes = (x.astype(np.float64) * 1e-2 + 1e4 for x in features(200))
    metric = FID(8)
    for rows in np.array_split(np.arange(200), 9):
        metric.update_state(reals[rows], fakes[rows])
    assert float(metric.result()) == pytest.approx(frechet_distance(reals, fakes), rel=1e-6)


def test_empty_batches_and_one_image(features):
    reals, fakes = features()
    metric = FID(8)
    metric.update_state(reals[:0], fakes[:0])
    metric.update_state(reals[:1], fakes[:1])
    assert np.isnan(float(metric.result()))
    metric.update_state(reals[1:], fakes[1:])
    metric.update_state(reals[:0], fakes[:0])
    assert float(metric.result()) == pytest.approx(frechet_distance(reals, fakes), rel=1e-9)
