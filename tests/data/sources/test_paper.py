import pickle

import numpy as np

from tfdogs.data import paper_dogs
from tfdogs.data.sources.open import open_source


def test_drawings_are_those_of_paper_dogs_whoever_draws_them():
    source = open_source("paper_dogs:5", image_size=32, seed=7)
    items = list(source.items())
    assert len(source) == len(items) == len({item.name for item in items}) == 5
    assert (source.channels, source.photographs) == (3, False)
    copy = pickle.loads(pickle.dumps(source))
    for index, item in enumerate(items):
        drawing = np.asarray(copy.load(item))
        np.testing.assert_array_equal(drawing, np.asarray(paper_dogs.draw(index, seed=7, size=32)))
        assert drawing.shape == (32, 32, 3)
    assert list(copy.items()) == items


def test_breeds_are_the_classes():
    source = open_source("paper_dogs:40", seed=3)
    labels = [paper_dogs.breed_of(index, seed=3) for index in range(40)]
    names = [item.class_name for item in source.items()]
    assert all(isinstance(name, str) for name in names)
    assert len(set(zip(labels, names))) == len(set(labels)) == len(set(names))
