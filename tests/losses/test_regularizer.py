import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.losses.regularizer import Regularizer, register


def test_the_base_says_what_a_subclass_lacks():
    class Nothing(Regularizer):
        pass

    with pytest.raises(TypeError, match="Nothing must define __call__"):
        Nothing()(None, None, None, None)


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


@pytest.mark.parametrize("interval", [1, 3])
def test_when_due(interval):
    variables, asked = [tf.Variable([1.0, 2.0])], []

    def compute():
        asked.append(True)
        return tf.constant(5.0), [tf.constant([3.0, 4.0])]

    for step in range(6):
        asked.clear()
        now = tf.constant(step, tf.int64)
        due, penalty, (gradient,) = Regularizer(interval).when_due(now, compute, variables)
        share = float(step % interval == 0)
        assert (float(due), float(penalty), bool(asked)) == (share, 5 * share, bool(share))
        np.testing.assert_array_equal(gradient, [3 * share, 4 * share])
