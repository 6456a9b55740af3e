import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.classification.mixture import mix

# A pixel tells where an image comes from: reals of class c are 100 c + i, generated ones 100 c + 50 + i.
REALS = tuple(
    np.arange(100 * c, 100 * c + n, dtype=np.uint8).reshape(-1, 1, 1, 1) for c, n in ((0, 20), (1, 14))
)
FAKES = {c: np.arange(100 * c + 50, 100 * c + 62, dtype=np.uint8).reshape(-1, 1, 1, 1) for c in (0, 1)}


@settings(max_examples=40)
@given(st.floats(0, 1), st.integers(1, 12), st.integers(0, 5))
def test_share_and_count_are_exact_and_nothing_comes_twice(fraction, count, seed):
    images, labels = mix(REALS, FAKES, fraction, count=count, seed=seed)
    values = images.reshape(-1).astype(int)
    assert np.bincount(labels).tolist() == [count, count] and labels.dtype == np.int32
    assert len(set(values)) == 2 * count
    np.testing.assert_array_equal(values // 100, labels)
    for label in (0, 1):
        generated = (values[labels == label] % 100 >= 50).sum()
        assert abs(generated - fraction * count) <= 0.5 + 1e-9


def test_a_larger_share_keeps_what_it_can():
    few, most = (set(mix(REALS, FAKES, share, count=10, seed=3)[0].reshape(-1)) for share in (0.3, 0.8))
    generated = {value for value in few if value % 100 >= 50}
    assert generated < most and {value for value in most if value % 100 < 50} < few


def test_seeds_choose():
    first, again, other = (mix(REALS, FAKES, 0.5, count=6, seed=seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(mix(REALS, {}, 0.0, count=6)[0]) == 12


def test_a_class_without_generated_images_stays_real():
    of_real, of_mix, of_fake = (mix(REALS, {1: FAKES[1]}, share, count=10)[0] for share in (0.0, 0.85, 1.0))
    for images in (of_mix, of_fake):
        np.testing.assert_array_equal(images[:10], of_real[:10])
    assert [(images[10:] % 100 >= 50).sum() for images in (of_real, of_mix, of_fake)] == [0, 9, 10]
