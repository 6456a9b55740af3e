import numpy as np

from tfdogs.metrics import pairs
from tfdogs.metrics.image_sets.arrays import Arrays


def test_images_are_taken_in_the_order_that_was_asked_for():
    images = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    taken = pairs.take(Arrays(images), [7, 2, 7, 0])
    assert [image[0, 0, 0] for image in taken] == [7, 2, 7, 0]
    assert pairs.take(Arrays(images), []) == []


def test_the_nearest_pairs_with_each_training_image_once():
    distances = [0.5, 0.1, 0.2, 0.1, 0.9]
    indices = [3, 8, 8, 8, 4]
    assert pairs.nearest_pairs(distances, indices, 3) == [(1, 8, 0.1), (0, 3, 0.5), (4, 4, 0.9)]
    assert pairs.nearest_pairs(distances, indices, 1) == [(1, 8, 0.1)]
    assert pairs.nearest_pairs([], [], 3) == []


def test_an_image_without_a_neighbour_has_no_pair():
    assert pairs.nearest_pairs([np.inf, 0.3], [-1, 2], 5) == [(1, 2, 0.3)]
