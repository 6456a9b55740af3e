"""Some of a set's images, drawn by a seed."""

import numpy as np

from tfdogs.metrics.image_sets import Arrays, Subset


def numbered(count):
    """Images that are all one value: their number."""
    return Arrays(np.arange(count, dtype=np.uint8)[:, None, None, None].repeat(3, axis=3))


def test_a_draw_has_no_image_twice_and_keeps_the_order():
    subset = Subset.draw(numbered(50), 20, seed=3)
    numbers = np.concatenate(list(subset.batches(6)))[:, 0, 0, 0]
    np.testing.assert_array_equal(numbers, subset.indices)
    assert subset.num_images == 20 and len(set(numbers.tolist())) == 20 and (np.diff(numbers) > 0).all()
    assert subset.image(4)[0, 0, 0] == subset.indices[4]
    (some,) = subset.batches(indices=[1, 3])
    np.testing.assert_array_equal(some[:, 0, 0, 0], subset.indices[[1, 3]])
    assert subset.name == "20 of array"


def test_the_seed_decides_which():
    draws = [Subset.draw(numbered(50), 20, seed=seed) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(draws[0].indices, draws[1].indices)
    assert draws[0].content_key() == draws[1].content_key() != draws[2].content_key()
    assert draws[0].content_key() != Subset(numbered(49), draws[0].indices).content_key()


def test_all_that_there_are_is_the_set_itself():
    images = numbered(5)
    assert Subset.draw(images, 5) is images
    assert Subset.draw(images, 9) is images
    assert Subset.draw(images, None) is images
