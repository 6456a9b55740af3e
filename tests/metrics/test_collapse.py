import math

import numpy as np
import pytest

from tfdogs.metrics import collapse
from tfdogs.metrics.collapse import Spread
from tfdogs.metrics.dogs import breed_histogram
from tfdogs.metrics.extractors.extractor import Stamp
from tfdogs.metrics.feature_set import FeatureSet

STAMP = Stamp("some", "Some", "0" * 16, "bilinear", 8)


def features(pool, probabilities=None):
    return FeatureSet(pool.astype(np.float32), probabilities, stamp=STAMP)


def like_reals(count, seed):
    """Features as a network's: 300 of them, positive, of falling variance; and probabilities of classes."""
    rng = np.random.default_rng(seed)
    pool = np.maximum(rng.standard_normal((count, 300)) * np.linspace(2, 0.1, 300) + 0.5, 0)
    logits = 3 * rng.standard_normal((count, 1000))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return pool, probabilities.astype(np.float32)


REALS = collapse.spread(features(*like_reals(3000, 0)), breeds=True)


def test_spread_of_known_features():
    pool = np.repeat(np.eye(4), 100, axis=0)  # variance 1/4 - 1/16 a feature, and together 3 directions
    found = collapse.spread(features(pool), breeds=False)
    assert found.effective_dimension == pytest.approx(3)
    assert found.total_variance == pytest.approx(4 * (1 / 4 - 1 / 16) * 400 / 399)
    assert found.breed_entropy is None and found.num_images == 400


def test_spread_counts_breeds():
    probabilities = np.zeros((40, 1000), np.float32)
    probabilities[:20, 151] = probabilities[20:, 200] = 1.0
    found = collapse.spread(features(np.random.default_rng(0).random((40, 3)), probabilities), breeds=True)
    assert found.breed_entropy == pytest.approx(math.log(2))


@pytest.mark.parametrize("count", [64, 500, 2000])
def test_other_images_of_the_same_kind_have_not_collapsed(count):
    assert collapse.judge(collapse.spread(features(*like_reals(count, 1)), breeds=True), REALS) == ()


@pytest.mark.parametrize("noise", [0.0, 0.05])
@pytest.mark.parametrize("count", [64, 2000])
def test_ten_images_over_and_over_have_collapsed(count, noise):
    pool, probabilities = (values[np.arange(count) % 10] for values in like_reals(10, 2))
    pool = pool + noise * np.random.default_rng(3).standard_normal(pool.shape)
    reasons = collapse.judge(collapse.spread(features(pool, probabilities), breeds=True), REALS)
    assert reasons and reasons[0].startswith("the effective dimension of its images is ")


def test_one_image_over_and_over_has_collapsed_in_every_way():
    pool, probabilities = (np.repeat(values, 50, axis=0) for values in like_reals(1, 2))
    reasons = collapse.judge(collapse.spread(features(pool, probabilities), breeds=True), REALS)
    assert [reason.split(" of ")[0] for reason in reasons] == [
        "the effective dimension", "the total variance", "the entropy",
    ]  # fmt: skip


def test_each_rule_by_itself():
    reals = Spread(60.0, 100.0, 4.0, 10_000)
    assert collapse.judge(Spread(60.0, 100.0, 4.0, 10_000), reals) == ()
    assert collapse.judge(Spread(11.9, 100.0, 4.0, 10_000), reals) == (
        "the effective dimension of its images is 11.9, that of the training images 60",
    )
    assert "total variance" in collapse.judge(Spread(60.0, 9.9, 4.0, 10_000), reals)[0]
    assert "entropy of the breeds" in collapse.judge(Spread(60.0, 100.0, 0.7, 10_000), reals)[0]
    assert collapse.judge(Spread(60.0, 100.0, None, 10_000), reals) == ()
    assert collapse.judge(Spread(29.0, 100.0, 4.0, 10_000), reals, dimension=0.5)


def test_few_images_are_compared_with_as_few():
    reals = Spread(60.0, 100.0, None, 10_000)
    # Of 20 images, 60 dimensions show as 15: 1 / 15 = 1 / 60 + 1 / 20.
    assert collapse.judge(Spread(5.0, 100.0, None, 20), reals) == ()
    assert collapse.judge(Spread(5.0, 100.0, None, 10_000), reals)


def varied(count, seed, dimension=20):
    """Features that vary equally in few directions, as of simple data."""
    rng, width = np.random.default_rng(seed), 300
    directions = np.random.default_rng(99).standard_normal((dimension, width)) / np.sqrt(width)
    return rng.standard_normal((count, dimension)) @ directions + 3


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("count", [64, 500, 5000])
def test_ten_images_are_found_out_beside_reals_of_little_variety(count, noise):
    reals = collapse.spread(features(varied(3000, 0)), breeds=False)
    pool = varied(10, 1)[np.arange(count) % 10]
    pool = pool + noise * np.random.default_rng(3).standard_normal(pool.shape) / np.sqrt(300)
    found = collapse.spread(features(pool), breeds=False)
    if count > 64:
        assert found.effective_dimension > 0.2 * reals.effective_dimension  # which tells nothing here
    assert collapse.judge(found, reals)[-1] == (
        "100 % of its images are nearer to another of them than 99 % of the training images are to each other"
    )
    assert collapse.judge(found, reals, repeated=1.0) == collapse.judge(found._replace(rows=None), reals)


@pytest.mark.parametrize("scale", [0.4, 1.0])
@pytest.mark.parametrize("dimension", [3, 20])
@pytest.mark.parametrize(("count", "num_reals"), [(50, 3000), (5000, 60), (2000, 3000)])
def test_other_images_of_little_variety_have_not_collapsed(count, num_reals, dimension, scale):
    reals = collapse.spread(features(varied(num_reals, 0, dimension)), breeds=False)
    fakes = collapse.spread(features(scale * varied(count, 1, dimension)), breeds=False)
    assert collapse.judge(fakes, reals) == ()


def test_reals_that_come_twice_do_not_hide_copies():
    pool = varied(500, 0)
    reals = collapse.spread(features(np.concatenate([pool, pool[:50]])), breeds=False)
    assert collapse.judge(collapse.spread(features(varied(100, 1)), breeds=False), reals) == ()
    assert collapse.judge(collapse.spread(features(varied(10, 1)[np.arange(100) % 10]), breeds=False), reals)


def test_a_spread_is_plain_in_json_and_bounded_in_memory():
    found = collapse.spread(features(varied(3000, 0)), breeds=False)
    assert found.rows.shape == (2000, 300)
    names = ["effective_dimension", "total_variance", "breed_entropy", "num_images"]
    assert list(found.to_dict()) == names


def test_reals_of_one_breed_have_no_breeds_to_lose():
    assert collapse.judge(Spread(60.0, 100.0, 0.0, 500), Spread(60.0, 100.0, 0.03, 500)) == ()


def test_a_known_histogram_is_not_made_again(monkeypatch):
    pool, probabilities = like_reals(50, 1)
    expected = collapse.spread(features(pool, probabilities), breeds=True)
    breeds = breed_histogram(probabilities)
    monkeypatch.setattr(collapse, "breed_histogram", None)
    found = collapse.spread(features(pool, probabilities), breeds=breeds)
    assert found.breed_entropy == expected.breed_entropy


def test_reals_that_are_all_alike_tell_nothing():
    assert collapse.judge(Spread(0.0, 0.0, None, 10), Spread(0.0, 0.0, None, 10)) == ()
