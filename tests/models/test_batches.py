import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models import batches

IMAGES = tf.zeros((6, 4, 4, 3), tf.uint8)
LABELS = tf.zeros(6, tf.int64)


def test_unpack():
    column = tf.constant([[0], [1], [2], [0], [1], [2]], tf.int64)
    images, labels = batches.unpack((IMAGES, column), (4, 4, 3), 3)
    np.testing.assert_array_equal(images, -np.ones((6, 4, 4, 3)))
    np.testing.assert_array_equal(labels, [0, 1, 2, 0, 1, 2])
    assert images.dtype == tf.float32 and labels.dtype == tf.int32


@pytest.mark.parametrize("data", [IMAGES, (IMAGES,), (IMAGES, LABELS), (IMAGES, LABELS, tf.ones(6))])
def test_without_classes_there_are_no_labels(data):
    images, labels = batches.unpack(data, (4, 4, 3), 0)
    assert images.shape == (6, 4, 4, 3) and labels is None


@pytest.mark.parametrize("shape", [(5, 4, 3), (4, 4, 1)])
def test_images_of_another_shape(shape):
    with pytest.raises(ValueError, match=r"Received for training: shape \(4, 4, 3\)"):
        batches.unpack(IMAGES, shape, 0)


def test_labels_that_are_missing():
    with pytest.raises(ValueError, match=r"fit needs labels beside the images. Received: none"):
        batches.unpack(IMAGES, (4, 4, 3), 2)


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_split_is_a_partition_in_order(parts):
    images, labels = tf.reshape(tf.range(6.0), (6, 1, 1, 1)), tf.range(6)
    pieces = batches.split(images, labels, parts)
    assert [len(x) for x, _ in pieces] == [6 // parts] * parts
    np.testing.assert_array_equal(tf.concat([x for x, _ in pieces], 0), images)
    np.testing.assert_array_equal(tf.concat([y for _, y in pieces], 0), labels)
    assert all(y is None for _, y in batches.split(images, None, parts))


def test_split_of_no_multiple():
    with pytest.raises(tf.errors.InvalidArgumentError, match="the batch must be a multiple of d_steps=4"):
        batches.split(tf.zeros((6, 1, 1, 1)), None, 4)
