import types

import numpy as np
import pytest

from tfdogs.metrics import collapse
from tfdogs.metrics.extraction import extract
from tfdogs.metrics.image_sets.arrays import Arrays
from tfdogs.training.callbacks.collapse_alarm import CollapseAlarm


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (400, 8, 8, 3), np.uint8)


@pytest.mark.parametrize("imagenet", [True, False])
def test_few_images_over_and_over_raise_the_alarm(images, make_extractor, imagenet):
    extractor = make_extractor(imagenet=imagenet)
    reals = collapse.spread(extract(Arrays(images[:200]), extractor), breeds=imagenet)
    few = extract(Arrays(images[200:203][np.arange(100) % 3]), extractor)
    many = extract(Arrays(images[200:300]), extractor)

    def look(kimg, fakes, **options):
        model = types.SimpleNamespace(stop_training=False)
        alarm = CollapseAlarm(reals, **options)
        return alarm.on_evaluation(kimg, None, [], model=model, fakes=fakes), model.stop_training

    facts, stopped = look(20.0, few)
    assert facts["alarm"].startswith("the generator has collapsed: the effective dimension of its images is ")
    assert not stopped and look(20.0, few, stop=True)[1]
    assert "alarm" not in look(19.9, few, stop=True)[0] and not look(19.9, few, stop=True)[1]
    assert "alarm" in look(5.0, few, after_kimg=5)[0]
    facts, stopped = look(99.0, many, stop=True)
    assert "alarm" not in facts and not stopped
    assert facts["spread"]["reals"] == reals.to_dict()
    assert (facts["spread"]["fakes"]["breed_entropy"] is None) is not imagenet
