from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfdogs.errors import TfdogsError
from tfdogs.exhibition import curation
from tfdogs.exhibition.config import GalleryConfig
from tfdogs.metrics.dogs import DOG_CLASSES
from tfdogs.sampling.seeds import MAX_SEED, Seeds

RANGES = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=4)


def seeds(pairs):
    return Seeds(tuple(range(start, start + count) for start, count in pairs))


def flat(these):
    return [number for part in these.ranges for number in part]


@settings(max_examples=30)
@given(some=RANGES, dropped=RANGES)
def test_without_leaves_the_others_in_their_order(some, dropped):
    left = curation.without(seeds(some), seeds(dropped))
    assert flat(left) == [number for number in flat(seeds(some)) if number not in flat(seeds(dropped))]
    assert all(left.ranges)


@settings(max_examples=30)
@given(some=RANGES, numbers=RANGES)
def test_strangers_hit_nothing(some, numbers):
    known = set(flat(seeds(numbers)))
    expected = next((part for part in seeds(some).ranges if not known & set(part)), None)
    expected = None if expected is None else str(Seeds((expected,)))
    assert curation.strangers(seeds(some), known) == expected
    assert curation.strangers(seeds(some), seeds(numbers)) == expected


def test_huge_ranges_take_no_time():
    all_there_are = Seeds((range(MAX_SEED + 1),))
    assert str(curation.without(all_there_are, Seeds.parse("5-9"))) == f"0-4,10-{MAX_SEED}"
    assert curation.strangers(all_there_are, [7]) is None


@settings(max_examples=30)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.integers(1, 25))
def test_best_are_the_highest_in_their_order(scores, count):
    chosen = curation.best(scores, count)
    assert list(chosen) == sorted(set(chosen.tolist())) and len(chosen) == min(count, len(scores))
    left = [score for place, score in enumerate(scores) if place not in chosen]
    assert not left or min(scores[place] for place in chosen) >= max(left)


@pytest.mark.parametrize("conditional", [False, True])
def test_the_discriminator_judges_every_image(conditional):
    def discriminator(inputs, training):
        assert training is False
        images, labels = inputs if conditional else (inputs, 0.0)
        import tensorflow as tf

        return tf.reduce_mean(images, axis=(1, 2), keepdims=False)[:, :1] + tf.cast(labels, tf.float32)

    images = np.full((5, 2, 2, 3), [[[[0]]], [[[255]]], [[[255]]], [[[0]]], [[[51]]]], np.uint8)
    labels = np.zeros((5, 1), np.int32) if conditional else None
    batches = [(None, None if labels is None else labels[part], images[part]) for part in ([0, 1, 2], [3, 4])]
    scores = curation.judge_by_discriminator(SimpleNamespace(discriminator=discriminator), batches)
    np.testing.assert_allclose(scores, [-1, 1, 1, -1, -0.6], atol=1e-6)
    spoilt = SimpleNamespace(discriminator=lambda images, training: images[:, 0, 0, :1] * float("nan"))
    with pytest.raises(TfdogsError, match="not finite"):
        curation.judge_by_discriminator(spoilt, [(None, None, images)])


def test_dogs_are_summed_over_breeds():
    probabilities = np.zeros((2, 1000), np.float32)
    probabilities[0, [0, 151, 268]] = 0.5, 0.2, 0.3
    probabilities[1, 999] = 1
    extractor = SimpleNamespace(extract=lambda batches: [SimpleNamespace(probabilities=probabilities)])
    assert 151 in DOG_CLASSES and 268 in DOG_CLASSES
    np.testing.assert_allclose(curation.judge_by_dogs(extractor, []), [0.5, 0])


@pytest.mark.parametrize(
    "flags, shown, count, left_out, said",
    [
        ({}, 78, 78, 0, "78, seeds 0-77 as they come, none chosen."),
        ({"drop": "3"}, 77, 78, 1, "77, seeds 0-77 as they come, 1 left out by hand."),
        ({"pick": "1,5"}, 2, 2, 0, "2, picked by hand."),
        ({"curate": "discriminator"}, 78, 1000, 0, "78 of 1,000, those that the discriminator liked best."),
        (
            {"curate": "dog_score", "drop": "3"},
            78,
            1000,
            1,
            "78 of 1,000, those in which EfficientNet-Lite0 sees most of a dog, 1 left out by hand.",
        ),
        ({"images": "dogs"}, 43, 43, 0, "All 43, as they were given."),
        ({"images": "dogs", "num_images": 9}, 9, 43, 0, "9 of 43, the first by number, as they were given."),
        ({"images": "dogs", "drop": "3-4"}, 41, 43, 2, "41 of 43, 2 left out by hand."),
    ],
)
def test_the_page_says_who_chose(flags, shown, count, left_out, said):
    source = {} if "images" in flags else {"model_dir": "run"}
    config = GalleryConfig(output_dir="out", **source, **flags)
    assert curation.sentence(config, shown, SimpleNamespace(count=count, left_out=left_out)) == said
