import itertools

import numpy as np
import pytest

from tfdogs.classification.batches import batches

IMAGES = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1) + np.array([[[0], [100]]], np.uint8)
LABELS = np.arange(10, dtype=np.int32)


def taken(count, **options):
    stream = itertools.islice(batches(IMAGES, LABELS, **{"batch_size": 4, **options}), count)
    images, labels = zip(*((images.numpy(), labels.numpy()) for images, labels in stream))
    return np.concatenate(images), np.concatenate(labels)


@pytest.mark.parametrize("batch_size", [4, 20])
def test_every_image_once_an_epoch(batch_size):
    images, labels = taken(20 // batch_size, batch_size=batch_size, flip=False)
    for epoch in (labels[:10], labels[10:]):
        assert sorted(epoch) == list(range(10))
    assert labels[:10].tolist() != labels[10:].tolist()
    np.testing.assert_array_equal(images[:, 0, 0, 0], labels)
    np.testing.assert_array_equal(images[:, 0, 1, 0], labels + 100)


def test_flips_are_half_and_change_with_the_epoch():
    images, labels = taken(100)
    flipped = images[:, 0, 0, 0] >= 100
    np.testing.assert_array_equal(images[:, 0, 0, 0], labels + 100 * flipped)
    np.testing.assert_array_equal(images[:, 0, 1, 0], labels + 100 * ~flipped)
    assert 0.4 < flipped.mean() < 0.6
    assert all(0 < flipped[labels == label].sum() < 40 for label in range(10))


def test_the_seed_decides():
    one, again, other = (taken(5, seed=seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
