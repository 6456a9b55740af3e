import numpy as np
import pytest
import tensorflow as tf

from tfdogs.data import pixels

ALL = np.arange(256, dtype=np.uint8)


def test_range():
    images = pixels.to_float(ALL)
    assert images.dtype == tf.float32
    np.testing.assert_array_equal(images[0], -1.0)
    np.testing.assert_array_equal(images[-1], 1.0)
    np.testing.assert_allclose(images, ALL / 127.5 - 1.0, atol=1e-6)


def test_round_trip_of_every_value():
    np.testing.assert_array_equal(pixels.to_uint8(pixels.to_float(ALL)), ALL)


def test_to_uint8_rounds_and_clips():
    images = tf.constant([-9.0, -1.0, -0.9999, 0.0, 0.9999, 1.0, 9.0])
    np.testing.assert_array_equal(pixels.to_uint8(images), [0, 0, 0, 128, 255, 255, 255])
    below = (100.49 / 127.5) - 1.0
    above = (100.51 / 127.5) - 1.0
    np.testing.assert_array_equal(pixels.to_uint8(tf.constant([below, above])), [100, 101])


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32, tf.float64])
def test_floating_images_keep_their_values(dtype):
    images = tf.constant([-1.0, 0.5, 1.0], dtype)
    out = pixels.to_float(images)
    assert out.dtype == tf.float32
    np.testing.assert_array_equal(out, [-1.0, 0.5, 1.0])
    assert pixels.to_uint8(images).dtype == tf.uint8


def test_shape_is_kept():
    assert pixels.to_float(np.zeros((2, 3, 5, 1), np.uint8)).shape == (2, 3, 5, 1)
    assert pixels.to_uint8(np.zeros((2, 3, 5, 1), np.float32)).shape == (2, 3, 5, 1)


@pytest.mark.parametrize("dtype", ["int32", "int8", "bool"])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(ValueError, match=f"Received: dtype {dtype}"):
        pixels.to_float(np.zeros((1, 2, 2, 3), dtype))
