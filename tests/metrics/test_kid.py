import numpy as np
import pytest

from tfdogs import tfgan
from tfdogs.metrics.kid import kernel_distance


def draw(num_rows, seed=0, num_features=16):
    return np.random.default_rng(seed).standard_normal((num_rows, num_features)).astype(np.float32)


@pytest.mark.parametrize(
    ("num_reals", "num_fakes", "block_size"), [(50, 50, 100), (103, 103, 20), (97, 41, 20), (30, 101, 25)]
)
def test_tfgan_agrees(num_reals, num_fakes, block_size):
    reals, fakes = draw(num_reals), 0.3 + draw(num_fakes, 1)
    value, _ = kernel_distance(reals, fakes, block_size=block_size)
    theirs, _ = tfgan.kernel_distance(reals, fakes, block_size)
    assert value == pytest.approx(theirs, rel=1e-6)


def test_two_rows_by_hand():
    # k(x, y) = (x y + 1)^3 in one dimension.
    reals, fakes = np.array([[0.0], [1.0]]), np.array([[2.0], [-1.0]])
    within_reals = (0 * 1 + 1) ** 3
    within_fakes = (2 * -1 + 1) ** 3
    across = np.mean([(r * f + 1) ** 3 for r in (0, 1) for f in (2, -1)])
    value, error = kernel_distance(reals, fakes)
    assert value == pytest.approx(within_reals + within_fakes - 2 * across)
    assert error is None


def test_it_is_without_bias():
    estimates = [kernel_distance(draw(30, seed), draw(30, 1000 + seed)).value for seed in range(200)]
    assert abs(np.mean(estimates)) < 3 * np.std(estimates) / np.sqrt(200)
    assert min(estimates) < 0 < max(estimates)


def test_blocks_are_independent_estimates():
    reals, fakes = draw(60), 1.0 + draw(60, 1)
    value, error = kernel_distance(reals, fakes, block_size=20)
    blocks = np.array([kernel_distance(reals[i : i + 20], fakes[i : i + 20]) for i in (0, 20, 40)])
    assert value == pytest.approx(np.mean(blocks[:, 0]))
    assert error == pytest.approx(np.sqrt(np.sum(blocks[:, 1] ** 2)) / 3, rel=0.05)  # of more rows


@pytest.mark.parametrize("shift", [0.0, 0.2, 1.0])
@pytest.mark.parametrize(
    ("num_reals", "num_fakes", "block_size"),
    [(10, 10, 50), (32, 32, 50), (100, 100, 50), (200, 80, 100), (40, 160, 200), (1600, 1600, 200)],
)
def test_intervals_hold_the_truth_as_often_as_they_say(num_reals, num_fakes, block_size, shift):
    width, draws = 32, 100 if num_reals == 1600 else 300
    found = np.array(
        [
            kernel_distance(
                draw(num_reals, seed, width),
                shift + draw(num_fakes, draws + seed, width),
                block_size=block_size,
            )
            for seed in range(draws)
        ]
    )
    # Without bias: the mean over all draws is the truth within a few percent of one draw's error.
    covered = np.mean(np.abs(found[:, 0] - found[:, 0].mean()) < 1.96 * found[:, 1])
    assert 0.9 <= covered <= 0.98
    assert 0.8 < np.mean(found[:, 1]) / np.std(found[:, 0], ddof=1) < 1.25


def test_error_of_tiny_blocks_is_that_of_the_mean_over_them():
    reals, fakes = draw(9), draw(9, 1)
    value, error = kernel_distance(reals, fakes, block_size=3)
    blocks = [kernel_distance(reals[i : i + 3], fakes[i : i + 3]) for i in (0, 3, 6)]
    assert [block.error for block in blocks] == [None] * 3
    values = [block.value for block in blocks]
    assert value == pytest.approx(np.mean(values))
    assert error == pytest.approx(np.std(values, ddof=1) / np.sqrt(3))


def test_seed_shuffles_sorted_rows():
    rows = np.sort(draw(400, 0, 1), axis=0)
    halves = rows[::2], rows[1::2][::-1]
    in_order = kernel_distance(*halves, block_size=50).value
    shuffled = [kernel_distance(*halves, block_size=50, seed=seed) for seed in (0, 0, 1)]
    assert shuffled[0] == shuffled[1] != shuffled[2]
    assert abs(shuffled[0].value) < 0.1 * in_order


@pytest.mark.parametrize(
    ("num_reals", "num_fakes", "block_size"), [(1, 50, 100), (50, 1, 100), (30, 3, 10), (8, 8, 1), (8, 8, 0)]
)
def test_blocks_without_two_rows_are_refused(num_reals, num_fakes, block_size):
    with pytest.raises(ValueError, match="every block must have 2 reals and 2 fakes"):
        kernel_distance(draw(num_reals), draw(num_fakes), block_size=block_size)


def test_other_widths_and_nan_are_refused():
    with pytest.raises(ValueError, match=r"fakes must have 16 columns\. Received: 4"):
        kernel_distance(draw(5), draw(5, 0, 4))
    with pytest.raises(ValueError, match="reals must be finite"):
        kernel_distance(draw(5) * np.nan, draw(5))
