import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from tfdogs.training.ema import EMA, update_average, weight_pairs
from tfdogs.training.schedules import Cosine


@keras.saving.register_keras_serializable("tfdogs_test_ema")
class Block(layers.Layer):
    """A layer made of layers: its `weights` put the trainable ones first, unless it is frozen."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.stack = [layers.Dense(4), layers.BatchNormalization(), layers.Dense(4)]
        self.norm = layers.BatchNormalization()

    def call(self, inputs, training=None):
        for layer in self.stack:
            inputs = layer(inputs, training=training) if layer is self.stack[1] else layer(inputs)
        return self.norm(inputs, training=training)


def network():
    return keras.Sequential([keras.Input((4,)), Block(), layers.Dense(2)])


def fill(model, seed):
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in model.get_weights()])
    return model


def test_half_life():
    ema = EMA(2.0, rampup=None)
    np.testing.assert_allclose(ema.decay(2000, 0), 0.5, rtol=1e-6)
    np.testing.assert_allclose(ema.decay(64, 10**6), 0.5 ** (64 / 2000), rtol=1e-6)


@settings(max_examples=20, deadline=None)
@given(
    half_life=st.floats(0.1, 100.0),
    batches=st.lists(st.integers(1, 512), min_size=1, max_size=8),
)
def test_a_half_life_counts_images_whatever_the_batches(half_life, batches):
    ema = EMA(half_life, rampup=None)
    share = np.prod([ema.decay(batch, 0) for batch in batches])
    np.testing.assert_allclose(share, 0.5 ** (sum(batches) / (1000 * half_life)), rtol=1e-4)


def test_rampup():
    ema = EMA(10.0, rampup=0.05)
    np.testing.assert_array_equal(ema.decay(64, 0), 0.0)  # the first step copies the weights
    np.testing.assert_allclose(ema.decay(64, 6400), 0.5 ** (64 / 320), rtol=1e-6)
    # From 10,000 / 0.05 images on the half-life is whole.
    np.testing.assert_allclose(ema.decay(64, 200_000), 0.5 ** (64 / 10_000), rtol=1e-6)
    np.testing.assert_allclose(ema.decay(64, 10**9), 0.5 ** (64 / 10_000), rtol=1e-6)


def test_a_schedule_is_a_factor_on_the_half_life():
    ema = EMA(10.0, rampup=None, schedule=Cosine(0.1, 1.0, kimg=4.0))
    for seen, half_life in ((0, 1000), (2000, 5500), (4000, 10_000), (10**6, 10_000)):
        np.testing.assert_allclose(ema.decay(64, seen), 0.5 ** (64 / half_life), rtol=1e-6)
    np.testing.assert_array_equal(
        EMA(1.0, rampup=None, schedule=Cosine(0.0, 1.0, kimg=4.0)).decay(64, 0), 0.0
    )


@settings(max_examples=25, deadline=None)
@given(
    half_life=st.floats(1e-3, 1e3),
    rampup=st.one_of(st.none(), st.floats(1e-3, 1.0)),
    batch=st.integers(1, 4096),
    seen=st.integers(0, 2**40),
)
def test_decay_is_a_share(half_life, rampup, batch, seen):
    assert 0.0 <= float(EMA(half_life, rampup=rampup).decay(batch, seen)) <= 1.0


@pytest.mark.parametrize(
    "wrong", [{"half_life_kimg": 0}, {"half_life_kimg": -1.0}, {"half_life_kimg": np.nan}]
)
def test_half_life_is_over_0(wrong):
    with pytest.raises(ValueError, match=r"must be over 0. Received: half_life_kimg"):
        EMA(**wrong)


@pytest.mark.parametrize("rampup", [0, -0.05, np.nan])
def test_rampup_is_over_0(rampup):
    with pytest.raises(ValueError, match=f"Received: half_life_kimg=1.0, rampup={rampup}"):
        EMA(1.0, rampup=rampup)


def test_config_round_trip():
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(EMA(3.0, rampup=None)))
    assert isinstance(twin, EMA)
    assert (twin.half_life_kimg, twin.rampup, twin.schedule) == (3.0, None, None)
    scheduled = EMA(3.0, schedule=Cosine(0.5, 1.0, kimg=2.0))
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(scheduled))
    assert twin.get_config() == scheduled.get_config() and twin.schedule.start == 0.5
    assert EMA.from_config({"half_life_kimg": 2.0, "rampup": 0.05}).schedule is None  # an older file


@pytest.mark.parametrize("freeze", ["none", "average", "block of current"])
def test_update_average_moves_every_weight_towards_its_own(freeze):
    average, current = fill(network(), 0), fill(network(), 1)
    named = {kind: by_place(model) for kind, model in (("old", average), ("new", current))}
    if freeze == "average":
        average.trainable = False
    elif freeze == "block of current":
        current.layers[0].trainable = False
    update_average(average, current, tf.constant(0.75))
    for place, value in by_place(average).items():
        expected = 0.75 * named["old"][place] + 0.25 * named["new"][place]
        np.testing.assert_allclose(value, expected, rtol=1e-6, err_msg=str(place))
    for place, value in by_place(current).items():
        np.testing.assert_array_equal(value, named["new"][place])


def by_place(model):
    block, last = model.layers
    parts = [*block.stack, block.norm, last]
    names = ("kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance")
    return {
        (i, name): getattr(part, name).numpy()
        for i, part in enumerate(parts)
        for name in names
        if hasattr(part, name)
    }


def test_decay_0_copies_and_decay_1_keeps():
    average, current = fill(network(), 0), fill(network(), 1)
    before = average.get_weights()
    update_average(average, current, 1.0)
    for a, b in zip(average.get_weights(), before):
        np.testing.assert_array_equal(a, b)
    update_average(average, current, 0.0)
    for a, b in zip(average.get_weights(), current.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_what_is_not_floating_is_copied():
    def counting():
        layer = layers.Dense(1)
        layer.build((None, 1))
        layer.add_weight(name="count", shape=(), dtype="int64", initializer="zeros", trainable=False)
        model = keras.Sequential([keras.Input((1,)), layer])
        return model, layer.weights[-1]

    (average, old), (current, new) = counting(), counting()
    new.assign(7)
    update_average(average, current, tf.constant(0.5))
    assert int(old) == 7


def test_tied_weights_move_once():
    def tied():
        layer = layers.Dense(3, use_bias=False, kernel_initializer="ones")
        return keras.Sequential([keras.Input((3,)), layer, layer])

    average, current = tied(), tied()
    current.set_weights([np.zeros((3, 3))])
    assert len(weight_pairs(average, current)) == 1
    update_average(average, current, 0.5)
    np.testing.assert_allclose(average.get_weights()[0], 0.5)


def test_models_of_two_architectures_are_refused():
    other = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    with pytest.raises(ValueError, match="Received: models with 14 and 2 weights"):
        update_average(network(), other, 0.5)
