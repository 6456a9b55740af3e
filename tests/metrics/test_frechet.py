import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs import tfgan
from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.gaussian import Gaussian
from tfdogs.metrics.moments import Moments


def draw(num_rows, num_features, seed=0, decay=2.0):
    """Correlated features with a spectrum that falls by e^-decay, rotated, off the origin."""
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((num_features, num_features)))[0]
    spectrum = np.exp(-np.linspace(0, decay, num_features))
    return rng.standard_normal((num_rows, num_features)) * spectrum @ rotation + 1


def normal(mean, covariance):
    """Moments of a normal distribution whose parameters are known, as if of 1,001 rows."""
    moments = Moments(len(mean))
    moments.count, moments.mean = 1001, np.asarray(mean, float)
    moments.scatter = 1000 * np.asarray(covariance)
    return moments


def mapped(features, seed=0, strength=0.3):
    """Maps rows by a symmetric positive matrix and a shift: of all maps, the one that moves them least.

    Returns:
        (the rows mapped, the exact Fréchet distance: how far the rows moved, in the mean and about it).
    """
    num_features = features.shape[1]
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.standard_normal((num_features, num_features)))[0]
    matrix = (axes * np.exp(rng.normal(0, strength, num_features))) @ axes.T
    moved = features @ ((matrix + matrix.T) / 2) + rng.normal(0, 0.1, num_features)
    moves = moved - features
    about = moves - moves.mean(axis=0)
    return moved, np.sum(moves.mean(axis=0) ** 2) + np.sum(about**2) / (len(features) - 1)


def longdouble_distance(a, b):
    """The distance in 64 bits of mantissa: Cholesky factors, one-sided Jacobi for the singular values."""
    (mean_a, a), (mean_b, b) = (_longdouble_moments(x) for x in (a, b))
    cross = _longdouble_cholesky(a).T @ _longdouble_cholesky(b)
    for _ in range(30):
        for i in range(len(cross)):
            for j in range(i):
                p, q, r = (cross[:, k] @ cross[:, m] for k, m in ((i, i), (j, j), (i, j)))
                if r == 0:
                    continue
                zeta = (q - p) / (2 * r)
                tangent = (1 if zeta >= 0 else -1) / (abs(zeta) + np.sqrt(1 + zeta * zeta))
                cosine = 1 / np.sqrt(1 + tangent * tangent)
                x, y = cross[:, i].copy(), cross[:, j].copy()
                cross[:, i], cross[:, j] = cosine * (x - tangent * y), cosine * (tangent * x + y)
    nuclear = np.sqrt((cross**2).sum(axis=0)).sum()
    return float(((mean_a - mean_b) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * nuclear)


def _longdouble_moments(features):
    features = features.astype(np.longdouble)
    mean = features.mean(axis=0)
    centred = features - mean
    return mean, centred.T @ centred / (len(features) - 1)


def _longdouble_cholesky(matrix):
    lower = np.zeros_like(matrix)
    for j in range(len(matrix)):
        lower[j, j] = np.sqrt(matrix[j, j] - (lower[j, :j] ** 2).sum())
        for i in range(j + 1, len(matrix)):
            lower[i, j] = (matrix[i, j] - lower[i, :j] @ lower[j, :j]) / lower[j, j]
    return lower


def test_known_normal_distributions():
    covariance = np.cov(draw(100, 6), rowvar=False)
    rotation = np.linalg.qr(np.random.default_rng(3).standard_normal((6, 6)))[0]
    means = np.arange(6.0), np.array([0, 1, 2, 3, 4, 7.0])
    # Equal covariances: only the means differ.
    assert frechet_distance(normal(means[0], covariance), normal(means[1], covariance)) == pytest.approx(4)
    # Covariances that commute: the roots of their eigenvalues.
    variances = np.array([4, 1, 9, 16, 0.25, 1]), np.array([1, 9, 4, 1, 0.25, 4])
    expected = 1 + 4 + 1 + 9 + 0 + 1
    for axes in (np.eye(6), rotation):
        a, b = (normal(means[0], axes @ np.diag(v) @ axes.T) for v in variances)
        assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-13)
    # In two dimensions the trace of the root is known: (Tr M + 2 sqrt(det M))^(1/2) for M = S_a S_b.
    a, b = np.array([[2, 0.5], [0.5, 1]]), np.array([[1, -0.3], [-0.3, 3]])
    root = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a @ b)))
    expected = np.trace(a) + np.trace(b) - 2 * root
    assert frechet_distance(normal([0, 0], a), normal([0, 0], b)) == pytest.approx(expected, rel=1e-13)


@settings(max_examples=40)
@given(
    num_rows=st.integers(2, 60),
    num_features=st.integers(1, 30),
    decay=st.floats(0, 12),
    seed=st.integers(0, 999),
    as_moments=st.booleans(),
)
def test_distance_to_a_map_of_the_same_rows_is_exact(num_rows, num_features, decay, seed, as_moments):
    features = draw(num_rows, num_features, seed, decay)
    moved, exact = mapped(features, seed)
    sides = [Moments.from_features(x) if as_moments else x for x in (features, moved)]
    value = frechet_distance(*sides)
    scale = np.var(features, axis=0).sum() + np.var(moved, axis=0).sum()
    assert value == pytest.approx(exact, rel=1e-9, abs=1e-8 * scale)
    assert frechet_distance(*sides[::-1]) == pytest.approx(value, rel=1e-9, abs=1e-9 * scale)


@pytest.mark.parametrize("num_rows", [30, 100, 128])
def test_few_rows_are_exact_to_the_last_digits(num_rows):
    features = draw(num_rows, 128, decay=0.5)
    moved, exact = mapped(features)
    assert frechet_distance(features, moved) == pytest.approx(exact, rel=1e-12)


def test_a_copied_feature_leaves_no_noise():
    """Rounding may lift the pivot of a singular covariance over 0, which would count as variance."""
    for seed in range(8):
        a, b = draw(300, 41, seed), draw(300, 41, 100 + seed)
        a[:, seed + 10] = 1.7 * a[:, seed]
        rows = [(x - x.mean(axis=0)) / np.sqrt(299) for x in (a, b)]
        root = np.linalg.svd(rows[0] @ rows[1].T, compute_uv=False).sum()
        exact = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2) + sum(np.sum(x**2) for x in rows) - 2 * root
        assert frechet_distance(a, b) == pytest.approx(exact, rel=0, abs=1e-9)


def test_dead_features_stay_on_the_fast_way(monkeypatch):
    a, b = draw(300, 20, 1), draw(300, 20, 2)
    a[:, [3, 7]], b[:, [3, 7]] = 0, 0.1
    monkeypatch.delattr(np.linalg, "eigh")
    monkeypatch.delattr(np.linalg, "svd")
    rest = np.delete(np.arange(20), [3, 7])
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(a[:, rest], b[:, rest]) + 0.02, rel=1e-9)


@pytest.mark.parametrize("decay", [0.0, 4.0, 8.0])
def test_distance_in_higher_precision(decay):
    a, b = draw(40, 8, 1, decay), draw(50, 8, 2, decay) * 1.1
    assert frechet_distance(a, b) == pytest.approx(longdouble_distance(a, b), rel=1e-12)


@pytest.mark.parametrize(("num_rows", "rel"), [(300, 1e-6), (40, 1e-5)])
def test_scipys_root_and_tfgan_agree(num_rows, rel):
    a, b = draw(num_rows, 50, 1), 1.1 * draw(num_rows + 7, 50, 2)
    value = frechet_distance(a, b)
    assert tfgan.frechet_distance(a, b) == pytest.approx(value, rel=1e-6)
    covariances = [np.cov(x, rowvar=False) for x in (a, b)]
    root = np.trace(scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real)
    means = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    # With fewer rows than features the root of the singular product is what loses digits.
    assert means + sum(map(np.trace, covariances)) - 2 * root == pytest.approx(value, rel=rel)


def identical():
    features = draw(300, 40)
    dead, copied, low_rank = features.copy(), features.copy(), features.copy()
    dead[:, [3, 30]] = 0
    dead[:, 7] = 0.1
    copied[:, 20:25] = 3 * copied[:, :5]
    low_rank = draw(300, 6) @ np.random.default_rng(0).standard_normal((6, 40))
    one_in_ten = np.repeat(features[:30], 10, axis=0)
    cases = {
        "regular": features,
        "dead features": dead,
        "copied features": copied,
        "low rank": low_rank,
        "few distinct rows": one_in_ten,
        "fewer rows than features": features[:25],
        "as many rows as features": features[:40],
        "two rows": features[:2],
        "all the same": np.full((10, 4), 0.3),
        "spectrum over 26 decades": draw(300, 40, decay=30),
        "units over 12 decades": features * np.logspace(-6, 6, 40),
    }
    return [pytest.param(features, id=name) for name, features in cases.items()]


@pytest.mark.parametrize("features", identical())
@pytest.mark.parametrize("kind", ["features", "moments", "mixed", "float32"])
def test_distance_to_itself_in_another_order_is_zero(features, kind):
    if kind == "float32":
        features = features.astype(np.float32)
    sides = [features, np.random.default_rng(0).permutation(features)]
    if kind in ("moments", "mixed"):
        sides[0] = Moments.from_features(sides[0])
    if kind == "moments":
        sides[1] = Moments.from_features(sides[1])
    value = frechet_distance(*sides)
    assert 0 <= value <= 1e-6 * max(1, features.var(axis=0, dtype=np.float64).sum())


def test_features_that_only_one_side_has():
    """A dead feature on one side leaves the other side's variance of it, and takes nothing else."""
    a, b = draw(300, 12, 1), draw(300, 12, 2)
    a[:, 5] = 0
    rest = np.delete(np.arange(12), 5)
    expected = frechet_distance(a[:, rest], b[:, rest]) + b[:, 5].mean() ** 2 + b[:, 5].var(ddof=1)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)
    constant = np.full((20, 12), 0.7)
    expected = b.var(axis=0, ddof=1).sum() + np.sum((b.mean(axis=0) - 0.7) ** 2)
    assert frechet_distance(constant, b) == pytest.approx(expected, rel=1e-9)


def test_rows_and_moments_of_either_side_agree():
    few, many = draw(20, 30, 1), draw(200, 30, 2)
    forms = [(x, Moments.from_features(x), Gaussian.of(x)) for x in (few, many)]
    values = [frechet_distance(a, b) for a in forms[0] for b in forms[1]]
    np.testing.assert_allclose(values, values[0], rtol=1e-9)


def test_near_zero_eigenvalues_take_the_exact_way(monkeypatch):
    """Squares of singular values under the rounding of the largest would be noise."""
    called = []
    exact = np.linalg.svd
    monkeypatch.setattr(np.linalg, "svd", lambda *args, **kwargs: called.append(1) or exact(*args, **kwargs))
    regular, graded = draw(300, 20, 1), draw(300, 20, 1) * np.logspace(-7, 2, 20)
    for features, expected in ((regular, 0), (graded, 1)):
        called.clear()
        moved = features @ np.diag(np.linspace(0.5, 2, 20)) if expected else mapped(features)[0]
        frechet_distance(features, moved)
        assert len(called) == expected
    moves = (moved - graded) - (moved - graded).mean(axis=0)
    exact_value = np.sum(moves**2) / 299 + np.sum((moved - graded).mean(axis=0) ** 2)
    assert frechet_distance(graded, moved) == pytest.approx(exact_value, rel=1e-10)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.zeros((5, 3)), np.zeros((5, 4)), "same features. Received: 3 and 4"),
        (np.zeros((1, 3)), np.zeros((5, 3)), "at least 2 rows. Received: 1"),
        (np.zeros((5, 1)), Moments(1), "at least 2 rows. Received: 0"),
        (np.full((5, 3), np.nan), np.zeros((5, 3)), "finite"),
        (np.zeros((2, 2, 3)), np.zeros((5, 3)), r"numbers \[N, D\]"),
    ],
)
def test_impossible_sides_are_refused(a, b, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(a, b)


def test_weighted_rows_are_repeated_rows():
    counts = np.random.default_rng(0).integers(0, 3, 30)
    other = draw(100, 8, 5)
    for features in (draw(30, 8), draw(30, 60)):
        reference = draw(100, features.shape[1], 5)
        weighted = frechet_distance(Gaussian.of(features, counts=counts), reference)
        repeated = frechet_distance(np.repeat(features, counts, axis=0), reference)
        assert weighted == pytest.approx(repeated, rel=1e-9)
    with pytest.raises(ValueError, match=r"at least 2 rows\. Received: 1"):
        Gaussian.of(other, counts=np.eye(100, dtype=int)[0])
