import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.training import schedules
from tfdogs.training.schedules import Cosine, Linear


def at(schedule, *images):
    return [float(schedule(tf.constant(seen, tf.int64))) for seen in images]


def test_half_a_cosine():
    values = at(Cosine(1.0, 0.2, kimg=8.0), 0, 2000, 4000, 6000, 8000, 10**12)
    expected = [0.2 + 0.8 * (1 + np.cos(np.pi * t)) / 2 for t in (0, 0.25, 0.5, 0.75, 1, 1)]
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    np.testing.assert_allclose(at(Cosine(0.9, 0.99, kimg=1), 500), 0.945, rtol=1e-6)  # it may rise


def test_a_straight_line():
    np.testing.assert_allclose(
        at(Linear(0.1, 0.0, kimg=2), 0, 500, 2000, 9999), [0.1, 0.075, 0, 0], atol=1e-9
    )


def test_images_beyond_what_float32_counts():
    late = 2**24
    first, second = at(Linear(0.0, 2.0**25, kimg=2.0**25 / 1000), late, late + 2)
    assert second - first == 2.0


def test_a_number_is_a_constant():
    images = tf.constant(5, tf.int64)
    assert float(schedules.value(0.5, images)) == 0.5
    assert float(schedules.value(Linear(0, 1, kimg=0.01), images)) == 0.5
    assert schedules.value(0.5, images).dtype == tf.float32


@pytest.mark.parametrize("kind", [Cosine, Linear])
def test_config_round_trip(kind):
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(kind(1.0, 0.5, 3.0)))
    assert isinstance(twin, kind) and (twin.start, twin.end, twin.kimg) == (1.0, 0.5, 3.0)


@pytest.mark.parametrize("kimg", [0, -1, np.nan])
def test_kimg_is_over_0(kimg):
    with pytest.raises(ValueError, match=f"kimg must be over 0. Received: kimg={kimg}"):
        Cosine(1, 0, kimg)
