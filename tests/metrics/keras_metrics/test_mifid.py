import pytest

from tfdogs.metrics import MiFID, frechet_distance, memorization_distance


def test_reals_known_beforehand_and_eps(features):
    reals, fakes = features()
    distance = memorization_distance(fakes, reals)
    for eps, expected in ((distance * 1.01, frechet_distance(fakes, reals) / distance), (0, None)):
        metric = MiFID(reference=reals, eps=eps, capacity=60)
        metric.update_state(None, fakes)
        assert float(metric.result()) == pytest.approx(expected or frechet_distance(fakes, reals), rel=1e-9)


def test_copies_of_the_reals_score_badly(features):
    reals, _ = features()
    metric = MiFID(8, capacity=60)
    metric.update_state(reals, reals[::-1] + 1e-3)
    assert float(metric.result()) > 1
