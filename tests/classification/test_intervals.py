import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tfdogs.classification.intervals import t_interval, wilson


def test_t_interval_is_the_tables():
    # t_(0.975, 2) = 4.3027; s = 1
    value, half = t_interval([1.0, 2.0, 3.0])
    assert value == 2.0 and half == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert t_interval([0.5]) == (0.5, None)
    assert t_interval([0.5, 0.5, 0.5]) == (0.5, 0.0)


def test_t_interval_covers_as_often_as_it_says():
    samples = np.random.default_rng(0).normal(3.0, 2.0, (2000, 4))
    covered = [abs(mean - 3.0) <= half for mean, half in map(t_interval, samples)]
    assert 0.935 < np.mean(covered) < 0.965


@given(st.integers(1, 2000), st.data())
def test_wilson_is_scipys(count, data):
    right = data.draw(st.integers(0, count))
    low, high = wilson(right / count, count)
    reference = stats.binomtest(right, count).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose([low, high], [reference.low, reference.high], atol=1e-9)
    assert 0 <= low <= right / count + 1e-12 and right / count - 1e-12 <= high <= 1
