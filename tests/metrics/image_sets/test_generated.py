"""What a generator draws, and the digest by which it is found again."""

import keras
import numpy as np
import pytest

from tfdogs.metrics.image_sets import Generated
from tfdogs.metrics.image_sets.subset import Subset
from tfdogs.sampling.labels import DataLabels
from tfdogs.sampling.sampler import Sampler


def make_sampler(seed=0, activation="tanh", num_classes=0):
    keras.utils.set_random_seed(seed)
    z = keras.Input([3])
    x = z
    inputs = z
    if num_classes:
        label = keras.Input([], dtype="int32")
        x = keras.layers.Concatenate()([z, keras.layers.Embedding(num_classes, 2)(label)])
        inputs = (z, label)
    x = keras.layers.Dense(4 * 4 * 3, activation=activation)(x)
    return Sampler(
        keras.Model(inputs, keras.layers.Reshape([4, 4, 3])(x)), latent_dim=3, num_classes=num_classes
    )


@pytest.fixture(scope="module")
def sampler():
    return make_sampler()


@pytest.mark.parametrize("num_classes", [0, 3])
def test_image_i_has_seed_plus_i(num_classes):
    sampler = make_sampler(num_classes=num_classes)
    images = Generated(sampler, 40, seed=100, truncation=0.7)
    expected = sampler.images(range(100, 140), truncation=0.7)
    np.testing.assert_array_equal(np.concatenate(list(images.batches(16))), expected)
    np.testing.assert_array_equal(images.image(33), expected[33])
    np.testing.assert_array_equal(
        np.concatenate(list(images.batches(2, indices=[0, 7, 39]))), expected[[0, 7, 39]]
    )


def test_content_key_follows_all_that_decides_the_images(sampler):
    same = Generated(make_sampler(), 8).content_key()
    assert Generated(sampler, 8, name="other").content_key() == same
    others = [
        Generated(sampler, 9),
        Generated(sampler, 8, seed=1),
        Generated(sampler, 8, truncation=0.5),
        Generated(make_sampler(seed=1), 8),
        Generated(make_sampler(activation="linear"), 8),
    ]
    assert len({same, *(other.content_key() for other in others)}) == 6


def test_classes_come_by_a_rule():
    sampler, rule = make_sampler(num_classes=3), DataLabels((5, 0, 1))
    images = Generated(sampler, 40, seed=100, labels=rule)
    expected = sampler.images(range(100, 140), labels=rule(range(100, 140)))
    np.testing.assert_array_equal(np.concatenate(list(images.batches(16))), expected)
    np.testing.assert_array_equal(images.image(33), expected[33])
    assert images.labels == Subset(images, [1, 2]).labels == "data"
    assert images.name == "generator, seeds 100 to 139, classes as in the data"
    others = [
        Generated(sampler, 40, seed=100),
        Generated(sampler, 40, seed=100, labels=DataLabels((4, 0, 1))),
    ]
    assert others[0].labels == "uniform" and others[0].name.endswith(", classes in turn")
    assert len({one.content_key() for one in (images, *others)}) == 3


def test_it_says_what_it_is(sampler):
    assert Generated(sampler, 10).labels == ""
    images = Generated(sampler, 10, seed=5, truncation=0.5, name="runs/dogs at 20 kimg")
    assert images.name == "runs/dogs at 20 kimg, seeds 5 to 14, truncation 0.5"
