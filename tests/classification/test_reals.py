import dataclasses

import numpy as np
import pytest

from tfdogs.classification.reals import Reals, labelled
from tfdogs.data.feed import Feed
from tfdogs.data.manifest import Manifest
from tfdogs.errors import UsageError


def test_both_splits_by_class(make_config, pets):
    reals = Reals.read(make_config(images_per_class=0))
    manifest = Manifest.load(pets)
    assert reals.classes == ("a", "b") and reals.image_shape == (32, 32, 3)
    assert sum(map(len, reals.train)) == manifest.num_images("train")
    assert reals.per_class == min(map(len, reals.train))
    images, labels = reals.tests
    assert len(images) == len(labels) == manifest.num_images("eval")
    np.testing.assert_array_equal(images[labels == 1], reals.test[1])
    learned = {image.tobytes() for some in reals.train for image in some}
    assert not learned & {image.tobytes() for image in images}


def test_labels_need_not_be_those_of_all_classes():
    images, labels = labelled([np.zeros((2, 1, 1, 1), np.uint8), np.ones((1, 1, 1, 1), np.uint8)], [3, 1])
    assert labels.tolist() == [3, 3, 1] and labels.dtype == np.int32 and images.ravel().tolist() == [0, 0, 1]


def test_too_many_images_a_class(make_config):
    with pytest.raises(UsageError, match=r"--images_per_class must be at most \d+, what the smallest class"):
        Reals.read(make_config(images_per_class=20))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": ("a",)}, "--data_dir must have at least 2 classes, and it has 1"),
        ({"image_size": 28}, "--data_dir must have images of at least 32 px, and they have 28"),
        (
            {"splits": {"train": (), "eval": ()}},
            "must have an eval split: prepare it with --eval_fraction over 0",
        ),
        (
            {"classes": ("a", "b", "c")},
            "images of every class in both splits, and c has none in the train split",
        ),
    ],
)
def test_data_that_cannot_be_studied(make_config, pets, monkeypatch, changes, message):
    manifest = dataclasses.replace(Manifest.load(pets), **changes)
    monkeypatch.setattr(Manifest, "load", lambda data_dir: manifest)
    with pytest.raises(UsageError, match=message):
        Reals.read(make_config())


def test_images_without_a_class(make_config, monkeypatch):
    class Unsure(Feed):
        def first(self, n):
            self.num_unlabelled = 3
            return super().first(n)

    monkeypatch.setattr("tfdogs.classification.reals.Feed", Unsure)
    with pytest.raises(
        UsageError, match="must have a class for every image, and 3 of the train split have none"
    ):
        Reals.read(make_config())
