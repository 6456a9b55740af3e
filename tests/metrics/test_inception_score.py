import numpy as np
import pytest
from scipy.special import softmax

from tfdogs import tfgan
from tfdogs.metrics.inception_score import entropy, inception_score


def logits(num_rows=300, num_classes=20, seed=0):
    return 3 * np.random.default_rng(seed).standard_normal((num_rows, num_classes))


def test_tfgan_agrees():
    value, error = inception_score(softmax(logits(), axis=1), splits=1)
    assert value == pytest.approx(tfgan.classifier_score(logits()), rel=1e-6)
    assert error is None


@pytest.mark.parametrize("splits", [1, 5])
def test_images_all_alike_score_one(splits):
    alike = np.repeat(softmax(logits(1), axis=1), 50, axis=0)
    assert inception_score(alike, splits=splits).value == pytest.approx(1)


@pytest.mark.parametrize("splits", [1, 5])
def test_every_class_once_and_for_certain_scores_their_number(splits):
    certain = np.tile(np.eye(7, dtype=np.float32), (splits, 1))
    value, error = inception_score(certain, splits=splits)
    assert value == pytest.approx(7)
    assert error is None if splits == 1 else error == pytest.approx(0, abs=1e-9)


def test_parts_are_scored_by_themselves():
    probabilities = softmax(logits(), axis=1)
    parts = [inception_score(part, splits=1).value for part in np.split(probabilities, 3)]
    value, error = inception_score(probabilities, splits=3)
    assert value == pytest.approx(np.mean(parts)) and error == pytest.approx(np.std(parts))


def test_entropy_in_nats():
    np.testing.assert_allclose(entropy(np.array([[0.5, 0.5, 0], [1, 0, 0]])), [np.log(2), 0])


@pytest.mark.parametrize("splits", [0, 151, 1000])
def test_too_many_parts_are_refused(splits):
    with pytest.raises(ValueError, match=f"Received: {splits} splits, 300 images"):
        inception_score(softmax(logits(), axis=1), splits=splits)


def test_what_is_no_probability_is_refused():
    with pytest.raises(ValueError, match="must not be negative and sum to 1"):
        inception_score(logits())
    with pytest.raises(ValueError, match="sums of 2 to 2"):
        inception_score(2 * softmax(logits(), axis=1))
    with pytest.raises(ValueError, match="finite"):
        inception_score(np.full((30, 5), np.nan))
