import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.metrics import neighbours
from tfdogs.metrics.neighbours import nearest, radii, squared_distances


def draw(num_rows, num_features=6, seed=0):
    return np.random.default_rng(seed).standard_normal((num_rows, num_features)).astype(np.float32)


def brute(queries, base, measure):
    """All distances, from differences in float64."""
    queries, base = queries.astype(np.float64), base.astype(np.float64)
    if measure == "euclidean":
        return np.linalg.norm(queries[:, None] - base[None], axis=2)
    queries, base = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (queries, base))
    return 1 - np.abs(queries @ base.T)


@pytest.fixture(params=[None, 1, 7])
def block_rows(request, monkeypatch):
    """Runs a test with one block, and with blocks of few rows."""
    if request.param:
        monkeypatch.setattr(neighbours, "_BLOCK_BYTES", request.param * 8 * 6)


@pytest.mark.parametrize("measure", ["cosine", "euclidean"])
@pytest.mark.parametrize("k", [1, 3, 25])
@pytest.mark.usefixtures("block_rows")
def test_brute_force_finds_the_same(measure, k):
    queries, base = draw(20), draw(25, seed=1)
    distances, indices = nearest(queries, base, measure=measure, k=k)
    expected = brute(queries, base, measure)
    assert distances.shape == indices.shape == (20, k)
    assert distances.dtype == np.float64 and indices.dtype == np.int64
    np.testing.assert_array_equal(indices, np.argsort(expected, axis=1)[:, :k])
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :k], rtol=1e-12, atol=1e-14)


@settings(max_examples=15)
@given(st.integers(0, 999), st.sampled_from([0.0, 1.0, 1e4]), st.sampled_from(["cosine", "euclidean"]))
def test_copies_are_at_zero_wherever_they_lie(seed, offset, measure):
    base = draw(40, 30, seed) + np.float32(offset)
    distances, indices = nearest(base[::3], base, measure=measure)
    np.testing.assert_array_equal(indices[:, 0], np.arange(40)[::3])
    assert not distances.any()


@pytest.mark.parametrize("measure", ["cosine", "euclidean"])
def test_near_copies_keep_their_digits(measure):
    base = draw(50, 40).astype(np.float64)
    queries = base + 1e-9 * draw(50, 40, seed=2)
    expected = np.linalg.norm(queries - base, axis=1)
    if measure == "cosine":
        unit = base / np.linalg.norm(base, axis=1, keepdims=True)
        moves = (queries - base) / np.linalg.norm(base, axis=1, keepdims=True)
        expected = 0.5 * np.sum((moves - unit * np.sum(unit * moves, axis=1, keepdims=True)) ** 2, axis=1)
    distances, indices = nearest(queries, base, measure=measure)
    np.testing.assert_array_equal(indices[:, 0], np.arange(50))
    np.testing.assert_allclose(distances[:, 0], expected, rtol=1e-5)


@pytest.mark.usefixtures("block_rows")
def test_repeated_rows_fill_the_places():
    base = np.repeat(draw(4), 3, axis=0)
    distances, indices = nearest(base, base, measure="euclidean", k=3)
    assert not distances.any()
    np.testing.assert_array_equal(indices // 3, np.repeat(np.arange(4), 3)[:, None] * [1, 1, 1])
    assert all(len(set(row)) == 3 for row in indices.tolist())


def test_opposite_rows_are_one_direction():
    base = draw(5)
    distances, indices = nearest(-2 * base, base)
    np.testing.assert_array_equal(indices[:, 0], np.arange(5))
    np.testing.assert_allclose(distances, 0, atol=1e-15)


def test_rows_of_sum_zero_have_no_neighbours_and_are_none():
    base = np.array([[0, 0], [1, -1], [1, 1], [0, 3]], np.float32)
    queries = np.array([[0, 0], [1, -1], [2, 2], [-1, 0.5]], np.float32)
    distances, indices = nearest(queries, base, k=2)
    np.testing.assert_array_equal(indices[:2], -1)
    assert np.isinf(distances[:2]).all()
    np.testing.assert_array_equal(indices[2:], [[2, 3], [3, 2]])
    np.testing.assert_allclose(distances[2], [0, 1 - np.sqrt(0.5)], atol=1e-15)
    with pytest.raises(ValueError, match=r"k must be in 1\.\.2.*Received: 3"):
        nearest(queries, base, k=3)
    assert nearest(queries, base, measure="euclidean", k=4)[1].min() == 0


@pytest.mark.usefixtures("block_rows")
def test_squared_distances_cover_all_pairs_from_below():
    queries, base = draw(9) + 100, draw(13, seed=1) + 100
    queries[4] = base[7]
    seen = np.full((9, 13), np.nan)
    for i, j, block in squared_distances(queries, base):
        seen[np.ix_(i, j)] = block
    expected = brute(queries, base, "euclidean") ** 2
    assert seen[4, 7] == 0
    assert (seen <= expected).all()
    np.testing.assert_allclose(seen, expected, rtol=1e-10)


def test_radii_leave_the_row_itself_out():
    points = np.array([[0.0], [1], [3], [7]])
    np.testing.assert_allclose(radii(points, 1), [1, 1, 2, 4])
    np.testing.assert_allclose(radii(points, 3), [7, 6, 4, 7])
    np.testing.assert_allclose(radii(np.array([[0.0], [0], [5]]), 1), [0, 0, 5])
    for k in (0, 4):
        with pytest.raises(ValueError, match=f"less than the number of rows, 4. Received: {k}"):
            radii(points, k)


@pytest.mark.parametrize(
    ("queries", "base", "options", "message"),
    [
        (draw(3), draw(3), {"measure": "l1"}, "measure must be one of cosine, euclidean. Received: 'l1'"),
        (draw(3), draw(3), {"k": 0}, r"k must be in 1\.\.3"),
        (draw(3), draw(3), {"k": 4}, r"k must be in 1\.\.3"),
        (draw(3, 5), draw(3), {}, "queries must have 6 columns. Received: 5"),
        (draw(3), draw(3) * np.inf, {}, "base must be finite"),
        (draw(3), np.zeros((4, 6)), {}, r"k must be in 1\.\.0"),
    ],
)
def test_impossible_questions_are_refused(queries, base, options, message):
    with pytest.raises(ValueError, match=message):
        nearest(queries, base, **options)
