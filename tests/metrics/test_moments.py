import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.errors import TfdogsError
from tfdogs.metrics.moments import Moments


def draw(num_rows=200, num_features=5, seed=0):
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((num_features, num_features))
    return (rng.standard_normal((num_rows, num_features)) @ mixing + 3).astype(np.float32)


def assert_same(a, b, rtol=1e-9):
    assert a.count == b.count
    np.testing.assert_allclose(a.mean, b.mean, rtol=rtol)
    np.testing.assert_allclose(a.scatter, b.scatter, rtol=rtol, atol=rtol * np.abs(b.scatter).max())


def test_moments_are_numpys():
    features = draw()
    moments = Moments.from_features(features)
    assert moments.count == 200 and moments.num_features == 5
    np.testing.assert_allclose(moments.mean, features.mean(axis=0, dtype=np.float64), rtol=1e-12)
    covariance = np.cov(features.astype(np.float64), rowvar=False)
    np.testing.assert_allclose(moments.covariance, covariance, rtol=1e-12)
    assert moments.mean.dtype == moments.scatter.dtype == np.float64


@settings(max_examples=30)
@given(st.lists(st.integers(1, 199), max_size=6), st.integers(0, 99))
def test_batches_and_order_do_not_matter(cuts, seed):
    features = draw()
    shuffled = np.random.default_rng(seed).permutation(features)
    moments = Moments(5)
    for batch in np.split(shuffled, sorted(set(cuts))):
        moments.update(batch)
    assert_same(moments, Moments.from_features(features))


@settings(max_examples=20)
@given(st.integers(1, 199))
def test_merged_parts_are_the_whole(cut):
    features = draw()
    first, second = Moments.from_features(features[:cut]), Moments.from_features(features[cut:])
    merged = first.copy()
    merged.merge(second)
    assert_same(merged, Moments.from_features(features))
    second.merge(first)
    assert_same(second, merged)
    assert first.count == cut  # the copy was its own


def test_merging_nothing_changes_nothing():
    moments = Moments.from_features(draw())
    moments.merge(Moments(5))
    assert_same(moments, Moments.from_features(draw()), rtol=0)
    empty = Moments(5)
    empty.merge(moments)
    assert_same(empty, moments, rtol=0)


def test_more_rows_than_are_in_float64_at_a_time():
    features = draw(9001, 3)
    covariance = np.cov(features.astype(np.float64), rowvar=False)
    np.testing.assert_allclose(Moments.from_features(features).covariance, covariance, rtol=1e-11)


def test_a_large_mean_costs_no_digits():
    rng = np.random.default_rng(0)
    small = rng.standard_normal((5000, 3)) * 1e-2
    features = small + 1e4
    moments = Moments(3)
    for batch in np.array_split(features, 7):
        moments.update(batch)
    # What float64 keeps of the numbers themselves: 1e4 * 2^-53 of a deviation of 1e-2.
    np.testing.assert_allclose(moments.covariance, np.cov(small, rowvar=False), rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(moments.mean - 1e4, small.mean(axis=0), rtol=0, atol=1e-9)


def test_counts_stand_for_repeated_rows():
    features, counts = draw(50), np.random.default_rng(1).integers(0, 4, 50)
    repeated = Moments.from_features(np.repeat(features, counts, axis=0))
    assert_same(Moments.from_features(features, counts=counts), repeated)
    assert Moments.from_features(features, counts=np.zeros(50, int)).count == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_and_nothing_added(bad):
    features = draw()
    features[7, 2] = bad
    moments = Moments(5)
    with pytest.raises(ValueError, match=r"finite\. Received: NaN or infinity in row 7"):
        moments.update(features)
    assert moments.count == 0 and not moments.scatter.any()


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros((3, 4)), "must have 5 columns. Received: 4"),
        (np.zeros(5), r"numbers \[N, D\].*Received: float64 \[5\]"),
        (np.zeros((0, 5)), r"Received: float64 \[0, 5\]"),
        (np.array([["a"] * 5]), "Received: <U1"),
        (np.zeros((2, 5), complex), "Received: complex128"),
    ],
)
def test_other_shapes_and_dtypes_are_refused(features, message):
    with pytest.raises(ValueError, match=message):
        Moments(5).update(features)


def test_covariance_needs_two_rows():
    moments = Moments.from_features(draw(1))
    with pytest.raises(ValueError, match=r"at least 2 rows\. Received: 1"):
        _ = moments.covariance
    with pytest.raises(ValueError, match="num_features must be at least 1"):
        Moments(0)
    with pytest.raises(ValueError, match=r"must have 5 features\. Received: 4"):
        moments.merge(Moments(4))


def test_saved_moments_are_read_back_with_their_facts(tmp_path):
    moments, path = Moments.from_features(draw()), tmp_path / "reals.npz"
    moments.save(path, extractor="efficientnet_lite0", images=[1, 2])
    loaded, facts = Moments.load(path)
    assert_same(loaded, moments, rtol=0)
    assert facts == {"extractor": "efficientnet_lite0", "images": [1, 2]}
    loaded.update(draw())  # and go on
    assert loaded.count == 400
    assert list(tmp_path.iterdir()) == [path]


def test_damaged_and_foreign_files_are_one_line(tmp_path):
    path = tmp_path / "reals.npz"
    with pytest.raises(TfdogsError, match=r"reals\.npz holds no moments"):
        Moments.load(path)
    Moments.from_features(draw()).save(path)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for damaged in (whole[: len(whole) // 2], b"", b"PK", bytes(flipped)):
        path.write_bytes(damaged)
        with pytest.raises(TfdogsError, match="or is damaged"):
            Moments.load(path)
    np.savez(path, mu=np.zeros(3), sigma=np.eye(3))
    with pytest.raises(TfdogsError, match="holds no moments"):
        Moments.load(path)


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(TfdogsError, match=r"cannot write .*reals\.npz: No such file"):
        Moments(2).save(tmp_path / "nowhere" / "reals.npz")
