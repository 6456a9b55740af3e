import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.training.power_ema import PowerEMA


def test_the_first_step_copies():
    assert float(PowerEMA(0.1).decay(64, 0)) == 0.0


def test_it_is_the_weighted_mean_of_what_was_seen():
    """Weights that stay for a batch: the average is exactly the integral under t^gamma."""
    ema, batch = PowerEMA(0.1), 10
    values = np.random.default_rng(0).normal(size=50)
    average = 0.0
    for step, value in enumerate(values):
        decay = float(ema.decay(batch, step * batch))
        average = decay * average + (1 - decay) * value
    edges = np.arange(51.0) ** (ema.gamma + 1)
    np.testing.assert_allclose(average, np.diff(edges) @ values / edges[-1], rtol=1e-4, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(
    sigma_rel=st.floats(0.01, 0.288),
    batches=st.lists(st.integers(1, 512), min_size=1, max_size=6),
    seen=st.integers(1, 10**7),
)
def test_it_counts_images_whatever_the_batches(sigma_rel, batches, seen):
    ema, share, at = PowerEMA(sigma_rel), 1.0, seen
    for batch in batches:
        share *= float(ema.decay(batch, at))
        at += batch
    np.testing.assert_allclose(share, (seen / at) ** (ema.gamma + 1), rtol=1e-4, atol=1e-6)


def test_late_in_training_a_step_still_counts():
    ema = PowerEMA(0.05)
    change = 1.0 - float(ema.decay(64, 10**8))
    np.testing.assert_allclose(change, 64 / 1e8 * (ema.gamma + 1), rtol=0.01)


@pytest.mark.parametrize("sigma_rel", [0, -0.1, 0.29, np.nan])
def test_a_length_out_of_range(sigma_rel):
    with pytest.raises(ValueError, match=rf"must be in \(0, 0.289\]. Received: sigma_rel={float(sigma_rel)}"):
        PowerEMA(sigma_rel)


def test_config_round_trip():
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(PowerEMA(0.05)))
    assert isinstance(twin, PowerEMA) and twin.sigma_rel == 0.05
