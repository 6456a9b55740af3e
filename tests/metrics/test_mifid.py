import csv
from pathlib import Path

import numpy as np
import pytest

from tfdogs.metrics.mifid import PRIVATE_EPS, PUBLIC_EPS, memorization_distance, mifid

RESULTS = Path(__file__).resolve().parents[2] / ".." / "shared/data/mifid/competition_results.csv"
DISQUALIFIED = 999999


def organisers_distance(fakes, reals):
    """d in the few lines of the definition, with all distances at once."""
    fakes, reals = (x[x.sum(axis=1) != 0].astype(np.float64) for x in (fakes, reals))
    fakes, reals = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (fakes, reals))
    return np.mean(np.min(1 - np.abs(fakes @ reals.T), axis=1))


def features(num_rows, seed):
    return np.maximum(np.random.default_rng(seed).standard_normal((num_rows, 12)), 0).astype(np.float32)


def test_distance_is_the_organisers():
    fakes, reals = features(40, 0), features(60, 1)
    fakes[3] = reals[5] = 0
    assert memorization_distance(fakes, reals) == pytest.approx(organisers_distance(fakes, reals), rel=1e-12)


def test_the_mean_is_over_the_fakes():
    """Of two fakes one is a copy; most reals have no fake near, which does not matter."""
    reals = np.eye(4)
    fakes = np.array([[1.0, 0, 0, 0], [1, 1, 1, 1]])
    assert memorization_distance(fakes, reals) == pytest.approx((0 + 0.5) / 2)
    assert memorization_distance(reals, fakes) == pytest.approx((0 + 0.5 * 3) / 4)


def test_training_images_sent_back_are_at_zero():
    reals = features(50, 0)
    distance = memorization_distance(reals[::2], reals)
    assert distance == 0
    assert mifid(1.4, distance, PUBLIC_EPS) == pytest.approx(1.4e15)


@pytest.mark.parametrize(("fakes", "reals"), [(np.zeros((3, 4)), np.eye(4)), (np.eye(4), np.zeros((3, 4)))])
def test_sides_of_nothing_but_zeros_are_refused(fakes, reals):
    with pytest.raises(ValueError, match=r"sum is not 0|k must be in"):
        memorization_distance(fakes, reals)


def test_eps_decides():
    assert mifid(60, 0.05, 0.1) == pytest.approx(1200)
    assert mifid(60, 0.1, 0.1) == pytest.approx(60)


@pytest.mark.real_data
@pytest.mark.parametrize(("board", "eps"), [("public", PUBLIC_EPS), ("private", PRIVATE_EPS)])
def test_formula_gives_every_score_of_the_competition(board, eps):
    """833 submissions with all their columns; the private board gives 999999 to the 248 disqualified ones."""
    if not RESULTS.is_file():
        pytest.skip(f"no {RESULTS}")
    with RESULTS.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 833
    columns = [f"{board}_score", f"FID_{board}", f"distance_{board}"]
    scores, fids, distances = np.array([[float(row[name]) for name in columns] for row in rows]).T
    scored = scores != DISQUALIFIED
    assert scored.sum() == {"public": 833, "private": 585}[board]
    ours = np.array([mifid(fid, distance, eps) for fid, distance in zip(fids, distances)])
    np.testing.assert_allclose(ours[scored], scores[scored], rtol=1e-14)
    if board == "private":  # of those caught, most by d alone; the others' labels say why
        caught = np.array([row["labels"] not in ("", "non-mem") for row in rows])
        assert (caught | (distances < eps))[~scored].all()
