import numpy as np
import pytest

from tfdogs.metrics.diversity import effective_dimension, total_variance
from tfdogs.metrics.moments import Moments


def crosses(deviations):
    """Rows at + and - each deviation on each axis: the covariance is diagonal."""
    return Moments.from_features(np.concatenate([np.diag(deviations), -np.diag(deviations)]))


def test_equal_variances_fill_the_space():
    moments = crosses([2.0] * 5)
    assert effective_dimension(moments) == pytest.approx(5)
    assert total_variance(moments) == pytest.approx(5 * 2 * 4 / 9)


def test_unequal_variances_count_less():
    assert effective_dimension(crosses([1.0, 1.0, 0, 0])) == pytest.approx(2)
    assert effective_dimension(crosses(np.sqrt([3.0, 1.0]))) == pytest.approx(16 / 10)


def test_a_scale_does_not_matter_and_few_rows_do():
    rows = np.random.default_rng(0).standard_normal((10, 50))
    small, large = (Moments.from_features(scale * rows) for scale in (1, 1000))
    assert effective_dimension(small) == pytest.approx(effective_dimension(large))
    assert effective_dimension(small) <= 9


def test_the_same_image_has_no_dimension():
    moments = Moments.from_features(np.ones((4, 3)))
    assert effective_dimension(moments) == total_variance(moments) == 0


def test_one_row_is_refused():
    for score in (effective_dimension, total_variance):
        with pytest.raises(ValueError, match="at least 2 rows"):
            score(Moments.from_features(np.ones((1, 3))))
