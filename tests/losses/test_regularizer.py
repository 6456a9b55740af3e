import keras
import pytest
import tensorflow as tf

from tfdogs.losses.regularizer import Regularizer, register
from tfdogs.training.schedules import Cosine


def test_the_base_says_what_a_subclass_lacks():
    class Nothing(Regularizer):
        pass

    class OfG(Regularizer):
        network = "generator"

    with pytest.raises(TypeError, match=r"Nothing must define __call__\(discriminate, reals"):
        Nothing()(None, None, None, None)
    with pytest.raises(TypeError, match=r"OfG must define __call__\(generator, latents"):
        OfG()(None, None, None, None)


@pytest.mark.parametrize("interval", [0, -3])
def test_interval_is_positive(interval):
    with pytest.raises(ValueError, match=f"must be 1 or more. Received: interval={interval}"):
        Regularizer(interval)


def test_a_registered_subclass_round_trips():
    @register
    class OfATest(Regularizer):
        name = "of_a_test"

    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(OfATest(3)))
    assert isinstance(twin, OfATest)
    assert twin.interval == 3
    assert Regularizer.from_config(Regularizer(2).get_config()).interval == 2


def test_a_schedule_is_a_factor_and_part_of_the_config():
    assert float(Regularizer().factor(tf.constant(5000, tf.int64))) == 1.0
    assert Regularizer(2).get_config() == {"interval": 2}  # as before there were schedules
    twin = Regularizer.from_config(Regularizer(2, schedule=Cosine(1.0, 0.5, kimg=4.0)).get_config())
    assert [float(twin.factor(tf.constant(seen, tf.int64))) for seen in (0, 2000, 9000)] == [1.0, 0.75, 0.5]
