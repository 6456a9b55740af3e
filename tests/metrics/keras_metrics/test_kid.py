import numpy as np
import pytest
import tensorflow as tf

from tfdogs.metrics import KID, kernel_distance
from tfdogs.metrics.kid import block_distance


@pytest.mark.parametrize("num_images", [40, 15])
def test_reals_known_beforehand(num_images, features):
    """Equal numbers in whole blocks, or few of both: the function's value."""
    reals, fakes = features(num_images)
    metric = KID(reference=reals, block_size=20)
    for start in range(0, num_images, 9):
        metric.update_state(None, fakes[start : start + 9])
    expected = kernel_distance(reals, fakes, block_size=20).value
    assert float(metric.result()) == pytest.approx(expected, rel=1e-9)


def test_blocks_of_the_reference_are_taken_in_turn(features):
    reals, fakes = features(60)
    metric = KID(reference=reals[:40], block_size=20)
    metric.update_state(None, fakes)
    pairs = [(0, 0), (20, 20), (0, 40)]
    expected = np.mean([block_distance(reals[r : r + 20], fakes[f : f + 20]) for r, f in pairs])
    assert float(metric.result()) == pytest.approx(expected, rel=1e-9)


def test_the_rest_weighs_as_many_images_as_it_has(features):
    reals, fakes = features(30)
    metric = KID(8, block_size=20)
    metric.update_state(reals, fakes)
    whole, rest = block_distance(reals[:20], fakes[:20]), block_distance(reals[20:], fakes[20:])
    assert float(metric.result()) == pytest.approx((2 * whole + rest) / 3, rel=1e-9)
    metric.reset_state()
    metric.update_state(reals[:21], fakes[:21])  # of one image nothing can be said
    assert float(metric.result()) == pytest.approx(whole, rel=1e-9)


def test_merged_rests_make_a_block(features):
    reals, fakes = features(40)
    metric, other = KID(8, block_size=20), KID(8, block_size=20)
    metric.update_state(reals[:8], fakes[:8])
    other.update_state(reals[20:], fakes[20:])
    other.update_state(reals[8:20], fakes[8:20])
    metric.merge_state([other])
    expected = kernel_distance(reals, fakes, block_size=20).value
    assert float(metric.result()) == pytest.approx(expected, rel=1e-9)


def test_memory_does_not_grow(features):
    metric = KID(8, block_size=20)
    for seed in range(5):
        metric.update_state(*features(100, seed))
    assert sum(variable.shape.num_elements() for variable in metric.variables) == 2 * 20 * 8 + 3


def test_a_batch_with_more_reals_than_fakes_is_refused(features):
    reals, fakes = features()
    with pytest.raises(tf.errors.InvalidArgumentError, match="kid needs as many reals as fakes"):
        KID(8).update_state(reals, fakes[:59])
    for options in ({"num_features": 8, "block_size": 1}, {"reference": reals[:1]}):
        with pytest.raises(ValueError, match="must be at least 2"):
            KID(**options)
