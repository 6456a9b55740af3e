import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.metrics.keras_metrics.fid import FID
from tfdogs.metrics.keras_metrics.moment_state import read
from tfdogs.metrics.moments import Moments


@settings(max_examples=10)
@given(st.lists(st.integers(0, 50), max_size=4), st.booleans())
def test_state_is_that_of_moments(cuts, merged):
    features = np.random.default_rng(0).standard_normal((50, 4)) + 100
    state, part = FID(4)._fakes, FID(4)._fakes
    for batch in np.split(features, sorted(cuts)):
        (part if merged else state).update(batch)
    state.merge(part)
    ours, expected = read(*(tensor.numpy() for tensor in state.tensors)), Moments.from_features(features)
    assert ours.count == 50
    np.testing.assert_allclose(ours.mean, expected.mean, rtol=1e-12)
    np.testing.assert_allclose(ours.scatter, expected.scatter, rtol=1e-9, atol=1e-9)
