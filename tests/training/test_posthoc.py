import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.training.posthoc import LONGEST, SHORTEST, TRACKED, solve, to_gamma, to_sigma_rel


def test_lengths_and_exponents_of_the_paper():
    # Section 3.1: lengths of 5 % and 10 % have the exponents 16.97 and 6.94.
    np.testing.assert_allclose([to_gamma(0.05), to_gamma(0.10)], [16.97, 6.94], atol=5e-3)
    np.testing.assert_allclose(to_sigma_rel(0), 12**-0.5)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.0, 1000.0))
def test_length_and_exponent_are_inverses(gamma):
    np.testing.assert_allclose(to_gamma(to_sigma_rel(gamma)), gamma, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 3.0, 17.0])
def test_the_length_is_the_profiles_standard_deviation(gamma):
    t = (np.arange(100_000) + 0.5) / 100_000
    p = t**gamma / np.sum(t**gamma)
    np.testing.assert_allclose(to_sigma_rel(gamma), np.sqrt(p @ t**2 - (p @ t) ** 2), rtol=1e-6)


def grid(count):
    """Times and lengths of `count` snapshots of the two averages."""
    return np.repeat(np.arange(1.0, count + 1), 2), np.tile(TRACKED, count)


def averages(walk, times, sigma_rels):
    """The averages of a walk of piecewise constant values, a unit of time a row, at whole times."""
    edges = np.arange(len(walk) + 1.0)
    out = []
    for time, sigma_rel in zip(times, sigma_rels):
        powers = (np.minimum(edges, time) / time) ** (to_gamma(sigma_rel) + 1)
        out.append(np.diff(powers) @ walk)
    return np.stack(out)


@pytest.mark.parametrize(
    "sigma_rel, most", [(SHORTEST, 0.02), (0.03, 2e-3), (0.075, 1e-3), (0.15, 1e-3), (LONGEST, 0.02)]
)
def test_it_gives_the_average_that_was_not_tracked(sigma_rel, most):
    """On a random walk, beside an average that was tracked directly."""
    walk = np.cumsum(np.random.default_rng(0).normal(size=(1024, 50)), axis=0)
    times, lengths = grid(64)
    shares, residual = solve(times, lengths, 64.0, sigma_rel)
    got = shares @ averages(walk, times * 16, lengths)
    (wanted,) = averages(walk, [1024.0], [sigma_rel])
    error = np.linalg.norm(got - wanted) / np.linalg.norm(wanted - walk[-1])
    assert error < most and residual < 0.02


def test_what_was_tracked_comes_out_as_it_is():
    times, lengths = grid(10)
    for place in (18, 19):
        shares, residual = solve(times, lengths, 10.0, lengths[place])
        np.testing.assert_allclose(shares, np.arange(20) == place, atol=1e-6)
        assert residual < 1e-6


@settings(max_examples=25, deadline=None)
@given(count=st.integers(1, 40), sigma_rel=st.floats(0.01, 0.28), unit=st.floats(1e-3, 1e6))
def test_shares_sum_to_1_in_any_unit(count, sigma_rel, unit):
    times, lengths = grid(count)
    shares, residual = solve(times, lengths, float(count), sigma_rel)
    np.testing.assert_allclose(shares.sum(), 1.0, rtol=1e-6)
    scaled, again = solve(times * unit, lengths, count * unit, sigma_rel)
    np.testing.assert_allclose(scaled, shares, atol=1e-4 * np.abs(shares).max())
    np.testing.assert_allclose(again, residual, atol=1e-5)


def test_the_residual_is_the_distance_of_profiles():
    times, lengths = grid(3)
    shares, residual = solve(times, lengths, 3.0, 0.03)
    t = (np.arange(200_000) + 0.5) / 200_000 * 3

    def profile(time, sigma_rel):
        gamma = to_gamma(sigma_rel)
        return np.where(t <= time, (gamma + 1) * (t / time) ** gamma / time, 0.0)

    wanted = profile(3.0, 0.03)
    fitted = sum(share * profile(*average) for share, average in zip(shares, zip(times, lengths)))
    expected = np.linalg.norm(wanted - fitted) / np.linalg.norm(wanted)
    np.testing.assert_allclose(residual, expected, rtol=1e-3)


def test_more_snapshots_fit_better():
    residuals = [solve(*grid(count), float(count), SHORTEST)[1] for count in (2, 8, 32)]
    assert residuals == sorted(residuals, reverse=True)
