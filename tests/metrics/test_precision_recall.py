import numpy as np
import pytest

from tfdogs.metrics import neighbours
from tfdogs.metrics.precision_recall import precision_recall, realism


def draw(num_rows, seed=0, num_features=4):
    return np.random.default_rng(seed).standard_normal((num_rows, num_features))


def reach(points, k):
    return np.sort(np.linalg.norm(points[:, None] - points[None], axis=2), axis=1)[:, k]


def share_inside(points, others, k):
    distances = np.linalg.norm(points[:, None] - others[None], axis=2)
    return (distances <= reach(others, k)).any(axis=1).mean()


@pytest.mark.parametrize("k", [1, 3, 6])
@pytest.mark.parametrize("block_rows", [None, 5])
def test_brute_force_agrees(k, block_rows, monkeypatch):
    if block_rows:
        monkeypatch.setattr(neighbours, "_BLOCK_BYTES", block_rows * 8 * 4)
    reals, fakes = draw(40), draw(33, 1) + 1.2
    precision, recall = precision_recall(reals, fakes, k=k)
    assert precision == share_inside(fakes, reals, k)
    assert recall == share_inside(reals, fakes, k)
    assert 0 < precision < 1 and 0 < recall < 1
    distances = np.linalg.norm(fakes[:, None] - reals[None], axis=2)
    kept = reach(reals, k) <= np.median(reach(reals, k))
    np.testing.assert_allclose(
        realism(reals, fakes, k=k), (reach(reals, k) / distances)[:, kept].max(axis=1), rtol=1e-9
    )


def test_the_same_set_and_sets_far_apart():
    points = draw(30).astype(np.float32) + 50
    assert precision_recall(points, points[::-1]) == (1, 1)
    assert precision_recall(points, points + 1000) == (0, 0)
    assert (realism(points, points + 1000) < 0.1).all()


def test_a_part_of_the_reals_is_precise_and_not_complete():
    rng = np.random.default_rng(0)
    reals = np.concatenate([rng.normal(0, 1, (50, 3)), rng.normal(100, 1, (50, 3))])
    fakes = rng.normal(0, 0.5, (60, 3))
    precision, recall = precision_recall(reals, fakes)
    assert precision > 0.9 and recall <= 0.5


def test_copies_count_where_reach_is_zero():
    """Reals that are k + 1 times the same reach no further than themselves, and there lie their copies."""
    reals = np.repeat(draw(10, 0, 64), 4, axis=0) + 1e3
    assert precision_recall(reals, reals) == (1, 1)
    nearby = reals + 1e-3
    assert precision_recall(reals, nearby) == (0, 0)
    scores = realism(reals, reals)
    assert np.isfinite(scores).all() and (scores >= 1).all()


def test_realism_of_copies_is_finite_and_largest():
    reals = draw(30)
    fakes = np.concatenate([reals[:20], draw(20, 1)])
    scores = realism(reals, fakes)
    speaking = reach(reals, 3)[:20] <= np.median(reach(reals, 3))
    assert np.isfinite(scores).all()
    assert scores[:20][speaking].min() > 1e3 > scores[20:].max()


def test_all_the_same_image():
    same = np.full((8, 3), 0.3)
    assert precision_recall(same, same) == (1, 1)
    assert np.isfinite(realism(same, same)).all()


@pytest.mark.parametrize(("num_reals", "num_fakes"), [(3, 10), (10, 3)])
def test_too_few_rows_are_refused(num_reals, num_fakes):
    with pytest.raises(ValueError, match=r"less than the number of rows, 3\. Received: 3"):
        precision_recall(draw(num_reals), draw(num_fakes), k=3)
    with pytest.raises(ValueError, match=r"less than the number of rows, 3\. Received: 3"):
        realism(draw(3), draw(10), k=3)
