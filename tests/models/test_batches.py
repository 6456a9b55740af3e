import numpy as np
import pytest
import tensorflow as tf

from tfdogs.models import batches

IMAGES = tf.zeros((6, 4, 4, 3), tf.uint8)
LABELS = tf.zeros(6, tf.int64)


def test_unpack():
    column = tf.constant([[0], [1], [2], [0], [1], [2]], tf.int64)
    batch = batches.unpack((IMAGES, column), (4, 4, 3), 3)
    images, labels = batch.images, batch.labels
    assert int(batch.count) == int(batch.total) == 6 and batch.share == 1
    np.testing.assert_array_equal(images, -np.ones((6, 4, 4, 3)))
    np.testing.assert_array_equal(labels, [0, 1, 2, 0, 1, 2])
    assert images.dtype == tf.float32 and labels.dtype == tf.int32


@pytest.mark.parametrize("data", [IMAGES, (IMAGES,), (IMAGES, LABELS), (IMAGES, LABELS, None)])
def test_without_classes_there_are_no_labels(data):
    batch = batches.unpack(data, (4, 4, 3), 0)
    assert batch.images.shape == (6, 4, 4, 3) and batch.labels is None


@pytest.mark.parametrize("shape", [(5, 4, 3), (4, 4, 1)])
def test_images_of_another_shape(shape):
    with pytest.raises(ValueError, match=r"Received for training: shape \(4, 4, 3\)"):
        batches.unpack(IMAGES, shape, 0)


def test_labels_that_are_missing():
    with pytest.raises(ValueError, match=r"fit needs labels beside the images. Received: none"):
        batches.unpack(IMAGES, (4, 4, 3), 2)


def test_weights_are_refused():
    with pytest.raises(ValueError, match=r"a GAN weighs all images alike.*Received: sample_weight="):
        batches.unpack((IMAGES, LABELS, tf.ones(6)), (4, 4, 3), 0)


@pytest.mark.parametrize("parts", [1, 2, 3, 4])
def test_split_is_a_partition_in_order(parts):
    batch = batches.Batch(tf.reshape(tf.range(6.0), (6, 1, 1, 1)), tf.range(6))
    pieces = batches.split(batch, parts)
    sizes = [int(piece.count) for piece in pieces]
    assert len(sizes) == parts and max(sizes) - min(sizes) <= (6 % parts > 0)
    np.testing.assert_array_equal(tf.concat([piece.images for piece in pieces], 0), batch.images)
    np.testing.assert_array_equal(tf.concat([piece.labels for piece in pieces], 0), batch.labels)
    assert all(piece.labels is None for piece in batches.split(batches.Batch(batch.images, None), parts))


def test_split_of_fewer_images_than_parts():
    batch = batches.Batch(tf.reshape(tf.range(2.0), (2, 1, 1, 1)), tf.range(2))
    assert [piece.labels.numpy().tolist() for piece in batches.split(batch, 3)] == [[0], [0], [1]]


def test_what_a_replica_counts_of_a_batch():
    counts = tf.constant([3, 2, 0], tf.int64)
    images = tf.zeros((3, 1, 1, 1))
    replicas = [batches.Batch(images[:n], None, counts, i) for i, n in enumerate((3, 2, 1))]
    assert [float(batch.share) for batch in replicas] == [np.float32(0.6), np.float32(0.4), 0]
    assert [float(batch.mask) for batch in replicas] == [1, 1, 0]
    assert [int(batch.total) for batch in replicas] == [5] * 3
    assert replicas[2].rows.numpy().tolist() == [3, 2, 1]
    parts = [batches.split(batch, 2) for batch in replicas]
    assert [[int(part.count) for part in one] for one in parts] == [[1, 2], [1, 1], [0, 0]]
    assert [[len(part.images) for part in one] for one in parts] == [[1, 2], [1, 1], [1, 1]]
