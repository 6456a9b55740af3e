import keras
import numpy as np
import pytest
import tensorflow as tf

from tfdogs.losses.top_k import TopK


def seen(images):
    return tf.constant(images, tf.int64)


def test_the_share_falls_geometrically_and_stays():
    top_k = TopK(0.25, kimg=1.0)
    counts = [int(top_k.count(64, seen(images))) for images in (0, 500, 1000, 10**9)]
    assert counts == [64, 32, 16, 16]


@pytest.mark.parametrize(
    ("share", "batch", "k"), [(0.7, 10, 7), (0.5, 5, 3), (0.01, 8, 1), (1.0, 8, 8), (0.5, 1, 1)]
)
def test_at_least_one_is_left(share, batch, k):
    assert int(TopK(share, kimg=0).count(batch, seen(0))) == k


def test_it_selects_the_highest_and_what_stands_beside_them():
    logits = tf.constant([[1.0], [-2.0], [5.0], [3.0]])
    others = tf.constant([[10.0], [20.0], [50.0], [30.0]])
    chosen, beside, nothing = TopK(0.5, kimg=0).select(logits, seen(0), others, None)
    np.testing.assert_array_equal(chosen, [[5.0], [3.0]])
    np.testing.assert_array_equal(beside, [[50.0], [30.0]])
    assert nothing is None


def test_only_the_chosen_have_a_slope():
    logits = tf.constant([[1.0], [-2.0], [5.0], [3.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        (chosen,) = TopK(0.5, kimg=0).select(logits, seen(0))
        loss = -tf.reduce_mean(chosen)
    np.testing.assert_array_equal(tf.convert_to_tensor(tape.gradient(loss, logits))[:, 0], [0, 0, -0.5, -0.5])


def test_config_round_trip():
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(TopK(0.7, kimg=5)))
    assert (twin.share, twin.kimg) == (0.7, 5.0)


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"share": 1.1}, {"share": np.nan}, {"kimg": -1}])
def test_out_of_range(wrong):
    with pytest.raises(ValueError, match=r"share must be in \(0, 1\] and kimg 0 or more. Received"):
        TopK(**wrong)
